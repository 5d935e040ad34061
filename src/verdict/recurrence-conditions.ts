import type { EarlierLook, EarlierRemedy } from '../evidence/earlier.ts';
import { type Node, outcome, type Scene } from './ask.ts';
import { thresholdOf } from './spread.ts';
import type { Outcome } from './types.ts';

/** The same went on at earlier times, apart from one another and from now. What was not kept may be any number more. */
export function recurred({ of, ...names }: Node<'recurred'>, { earlier, runbook }: Scene): Outcome {
  const within = thresholdOf(runbook, names.within);
  const threshold = thresholdOf(runbook, names.times);
  const apart = thresholdOf(runbook, names.apart);
  const base = { code: 'recurred' as const, signal: null, threshold };
  const args = { within, apart };
  const looks = (earlier?.looks ?? []).filter(({ secondsAgo }) => secondsAgo <= within);
  const remedies = (earlier?.remedies ?? []).filter(
    // One that may have been the answer to something else tells nothing.
    ({ secondsAgo, categories }) => secondsAgo <= within && categories.every((one) => of.includes(one)),
  );
  const measured = timesIn(seenIn(looks, remedies, of), apart);
  const met = measured >= threshold;
  const unread = [earlier?.unread ?? [], earlier?.journalUnread ?? []].flat();
  if (!met && (earlier === null || unread.length > 0)) {
    const status = earlier === null ? 'absent' : 'unknown';
    const why = earlier === null ? 'nobody asked when this was recorded' : unread.join('; ');
    return outcome(status, [{ ...base, measured: null, met: null, args: { ...args, status, why } }]);
  }
  const told = remedies.length === 0 ? args : { ...args, remedies: remedies.length };
  return outcome(met ? 'met' : 'not-met', [{ ...base, measured, met, args: told }]);
}

/** That it went on (`look`), that something was done about it (`remedy`), or that all was quiet. */
interface Seen {
  readonly secondsAgo: number;
  readonly what: 'look' | 'remedy' | 'quiet';
}

const seenIn = (
  looks: readonly EarlierLook[],
  remedies: readonly EarlierRemedy[],
  of: readonly string[],
): Seen[] =>
  [
    ...looks.flatMap(({ secondsAgo, category }): Seen[] =>
      category === 'quiet'
        ? [{ secondsAgo, what: 'quiet' }]
        : of.includes(category)
          ? [{ secondsAgo, what: 'look' }]
          : [],
    ),
    ...remedies.map(({ secondsAgo }): Seen => ({ secondsAgo, what: 'remedy' })),
  ].sort((a, b) => b.secondsAgo - a.secondsAgo);

/**
 * How many separate times there were before what goes on now. A look and a remedy of one time are one; a remedy soon after
 * a time that was over belongs to that one still.
 */
function timesIn(seen: readonly Seen[], apart: number): number {
  let times = 0;
  /** When the time that goes on was last seen, and when any was. */
  let last: number | null = null;
  let ever: number | null = null;
  for (const { secondsAgo, what } of seen) {
    if (what === 'quiet') last = null;
    if (what === 'quiet') continue;
    const isAftermath = what === 'remedy' && last === null && ever !== null && ever - secondsAgo <= apart;
    if (!isAftermath && (last === null || last - secondsAgo > apart)) times += 1;
    if (!isAftermath) last = secondsAgo;
    ever = secondsAgo;
  }
  const goesOn = last !== null && last <= apart;
  return goesOn ? times - 1 : times;
}
