import { parseDuration } from '../values/duration.ts';
import { quote } from '../values/text.ts';

const MINUTE = 60;
const DAY = 86_400;

/** @returns seconds of a deadline (over 0, up to 10 minutes), or the sentence that says what is wrong with it */
export function parseTimeout(text: string): number | string {
  // The longest that still belongs to a person who is waiting.
  return durationUpTo(10 * MINUTE, 'a duration over 0 and up to 10m, like 5s', text);
}

/** @returns seconds of the longest block (over 0, up to 365 days), or the sentence that says what is wrong with it */
export function parseMaxBlockTtl(text: string): number | string {
  return durationUpTo(365 * DAY, 'a duration over 0 and up to 365d, like 7d', text);
}

function durationUpTo(max: number, expected: string, text: string): number | string {
  const seconds = parseDuration(text);
  const fits = seconds !== null && seconds > 0 && seconds <= max;
  return fits ? seconds : `expected ${expected}, got ${quote(text)}`;
}
