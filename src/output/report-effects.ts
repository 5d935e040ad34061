import type { Effect, Report, ReportChart, Response } from '../report/model.ts';
import type { Clock } from '../signals/asked.ts';
import { escapeText } from './escape.ts';
import { capital } from './lines.ts';
import { formatShare } from './numbers.ts';
import { amountOf, plainMoment, spanText } from './report-words.ts';

/** A change by less than a fifth may be chance. */
const SAME = 0.2;

/** A rate before and after something was done, or why that cannot be told. */
export function effectText(effect: Effect, report: Report, clock: Clock): string {
  const chart = report.charts[effect.chart];
  if (chart === undefined) return '';
  const { before, after, reason, mixed } = effect;
  const what = capital(whoseText(effect, chart));
  const was = before === null ? null : `${amountOf(before.value, chart)} before (${spanText(before, chart)})`;
  const is =
    after === null
      ? null
      : `${amountOf(after.value, chart)} after (${spanText(after, chart)}, from ${plainMoment(after.fromMs, report, clock)} on)`;
  const change = changeText(effect);
  const unknown = reason === null ? '' : UNKNOWN[reason];
  const numbers = [was, is].filter((text) => text !== null).join(', ');
  const told = [numbers, change ?? unknown].filter((text) => text !== '').join(': ');
  return `${what}: ${told}${mixed && change !== null ? '. Something else was done in that time, so it may be its effect' : ''}.`;
}

const UNKNOWN = {
  'no-samples-before': 'the effect is not known, nothing is recorded of the time before',
  'no-samples-after': 'the effect is not known, nothing is recorded of the time after',
  'too-soon': 'the effect is not known, every number after it still looks back on the time before',
} as const;

/** `it fell by 98%`; null when one of the two is not known. */
function changeText({ before, after }: Effect): string | null {
  if (before === null || after === null) return null;
  if (before.value === 0)
    return after.value === 0 ? 'there was none before and after' : 'there was none before';
  const ratio = after.value / before.value;
  if (after.value === 0) return 'it stopped';
  if (Math.abs(ratio - 1) < SAME) return 'about the same';
  return ratio < 1
    ? `it fell by ${formatShare(1 - ratio).replace('>', 'more than ')}`
    : `it rose to ${formatShare(ratio)} of that`;
}

/** `429s of tenant acme`, where the chart is called `429s by tenant`; else its title and of whom. */
function whoseText({ series }: Effect, { title, kind }: ReportChart): string {
  const whole = escapeText(title, 80);
  if (series === null) return whole;
  const [id, end] = [escapeText(series, 64), ` by ${kind}`];
  if (kind === null || !whole.toLowerCase().endsWith(end)) return `${whole} of ${id}`;
  return `${whole.slice(0, -end.length)} of ${whole.slice(-kind.length)} ${id}`;
}

/** Are the rates before and after a response known, and were there any before it? */
export const isMeasured = ({ effects }: Pick<Response, 'effects'>): boolean =>
  effects.some(({ before, after }) => before !== null && after !== null && before.value > 0);

/** The effect that tells most in one clause: of the subject itself, else of the whole. */
export function effectInShort(effects: readonly Effect[], report: Report): string | null {
  const known = effects.filter(({ before, after }) => before !== null && after !== null && before.value > 0);
  const isRange = ({ chart }: Effect) => report.charts[chart]?.from !== 'looks';
  const rank = (effect: Effect) => (isRange(effect) ? 2 : 0) + (effect.series === null ? 0 : 1);
  const [best] = [...known].sort((a, b) => rank(b) - rank(a));
  const chart = best === undefined ? undefined : report.charts[best.chart];
  if (best === undefined || chart === undefined || best.before === null || best.after === null) return null;
  const [was, is] = [amountOf(best.before.value, chart), amountOf(best.after.value, chart)];
  const ratio = best.after.value / best.before.value;
  const isSame = Math.abs(ratio - 1) < SAME;
  const verb = isSame ? 'stayed about the same' : ratio === 0 ? 'stopped' : ratio < 1 ? 'fell' : 'rose';
  return `${whoseText(best, chart)} ${verb}: ${was} before, ${is} after`;
}
