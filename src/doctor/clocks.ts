import type { Clock } from '../signals/asked.ts';
import type { Skew, Told } from './facts.ts';
import { type Check, checkOf, unknownCheck } from './types.ts';

/** From here on "last seen" and the day of a counter may be other ones than they seem, milliseconds. */
const NOTICED_MS = 2_000;
/** From here on windows of a minute miss what they are about. */
const WRONG_MS = 60_000;
/** That close to the end of a UTC day, a clock that is off may name another day's keys. */
const NEAR_MIDNIGHT_SECONDS = 600;
const DAY_MS = 86_400_000;

/** A system's clock held against ours. @param clock our own, by which the distance to midnight is measured */
export function clockChecks(source: string, skew: Told<Skew>, clock: Pick<Clock, 'ms'>): Check[] {
  if (!skew.known) return [unknownCheck('clock', 'clock-unknown', skew, { source })];
  const { aheadMs, plusMinusMs, at } = skew.value;
  const surelyMs = Math.abs(aheadMs) - plusMinusMs;
  const args = { aheadSeconds: aheadMs / 1_000, plusMinusSeconds: plusMinusMs / 1_000, at };
  if (surelyMs < NOTICED_MS)
    return [checkOf({ check: 'clock', code: 'clock-agrees', level: 'fine', source, args })];
  const intoDay = clock.ms(at) % DAY_MS;
  const toMidnight = Math.round(Math.min(intoDay, DAY_MS - intoDay) / 1_000);
  const isNear = toMidnight <= NEAR_MIDNIGHT_SECONDS + Math.abs(aheadMs) / 1_000;
  return [
    checkOf({
      ...{ check: 'clock', code: 'clock-skewed', source },
      level: surelyMs >= WRONG_MS || isNear ? 'problem' : 'warning',
      args: { ...args, midnightSeconds: isNear ? toMidnight : null },
    }),
  ];
}
