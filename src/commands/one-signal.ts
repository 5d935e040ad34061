import type { Context } from '../context.ts';
import type { Signal } from '../evidence/types.ts';
import type { Parts } from './parts.ts';

/** How far back it looks where the source has a window of its choice, seconds. */
const WINDOW_SECONDS = 300;

/** Reads one signal of the runbook as triage does; undefined: the runbook does not have it. */
export async function readSignal(
  name: string,
  { config, runbook }: Pick<Parts, 'config' | 'runbook'>,
  context: Context,
): Promise<Signal | undefined> {
  const spec = runbook.signals[name];
  if (spec === undefined) return undefined;
  const [{ collect }, adapters] = await Promise.all([import('../evidence/collect.ts'), context.adapters()]);
  const only = { ...runbook, signals: { [name]: spec } };
  const request = { config, runbook: only, windowSeconds: WINDOW_SECONDS, clock: context.clock };
  return (await collect(adapters, request, context.interrupt)).signals[name];
}
