import type { EarlierLook } from '../evidence/earlier.ts';
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
  const measured = timesIn(looks, of, apart);
  const met = measured >= threshold;
  if (!met && (earlier === null || earlier.unread !== null)) {
    const status = earlier === null ? 'absent' : 'unknown';
    const why = earlier?.unread ?? 'nobody asked when this was recorded';
    return outcome(status, [{ ...base, measured: null, met: null, args: { ...args, status, why } }]);
  }
  return outcome(met ? 'met' : 'not-met', [{ ...base, measured, met, args }]);
}

/** How many separate times there were before what goes on now. */
function timesIn(looks: readonly EarlierLook[], of: readonly string[], apart: number): number {
  let times = 0;
  /** When the time that goes on was last seen. */
  let last: number | null = null;
  for (const { secondsAgo, category } of [...looks].sort((a, b) => b.secondsAgo - a.secondsAgo)) {
    if (category === 'quiet') last = null;
    if (!of.includes(category)) continue;
    if (last === null || last - secondsAgo > apart) times += 1;
    last = secondsAgo;
  }
  const goesOn = last !== null && last <= apart;
  return goesOn ? times - 1 : times;
}
