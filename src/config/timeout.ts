import { parseDuration } from '../values/duration.ts';
import { quote } from '../values/text.ts';

/** Longest deadline that still belongs to a person who is waiting, seconds. */
const MAX_TIMEOUT = 600;

/** @returns seconds of a deadline (over 0, up to 10 minutes), or the sentence that says what is wrong with it */
export function parseTimeout(text: string): number | string {
  const seconds = parseDuration(text);
  const fits = seconds !== null && seconds > 0 && seconds <= MAX_TIMEOUT;
  return fits ? seconds : `expected a duration over 0 and up to 10m, like 5s, got ${quote(text)}`;
}
