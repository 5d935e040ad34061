import { outcome } from './ask.ts';
import type { Because, Outcome, State } from './types.ts';

/** Three-valued and: what is not met decides, then what could not be seen. */
export function every(parts: readonly Outcome[]): Outcome {
  const state = firstOf(parts, ['not-met', 'unknown', 'absent', 'unasked', 'met']);
  const kept = state === 'not-met' ? parts.filter((part) => part.state === 'not-met') : parts;
  return outcome(state, unique(kept), state === 'met' ? parts.flatMap((part) => part.subjects) : []);
}

/** Three-valued or: what is met decides, then what could not be seen. */
export function some(parts: readonly Outcome[]): Outcome {
  const state = firstOf(parts, ['met', 'unknown', 'absent', 'not-met', 'unasked']);
  const kept = parts.filter((part) =>
    state === 'met' ? part.state === 'met' : part.state !== 'unasked' || state === 'unasked',
  );
  return outcome(
    state,
    unique(kept),
    kept.flatMap((part) => part.subjects),
  );
}

const firstOf = (parts: readonly Outcome[], order: readonly State[]): State =>
  order.find((state) => parts.some((part) => part.state === state)) ?? 'not-met';

/** What the parts rest on, each once. */
export function unique(parts: readonly Pick<Outcome, 'because'>[]): Because[] {
  const seen = new Map<string, Because>();
  for (const because of parts.flatMap((part) => part.because)) seen.set(JSON.stringify(because), because);
  return [...seen.values()];
}
