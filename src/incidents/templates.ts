import type { Clock } from '../signals/asked.ts';

/**
 * Texts of an incident that stand for several: `{1..60}` for numbers (`{01..12}` keeps the zeros), `{acme,globex}` for
 * words, `{yyyymmdd}`, `{yyyy-mm-dd}` and `{yyyy-mm}` for the present in UTC, `{yyyymmdd-1}` for so many days (or, with
 * `yyyy-mm`, months) before.
 */
export interface Template {
  readonly parts: readonly Part[];
}

type Part = string | { readonly choice: string } | { readonly date: string; readonly back: number };

/** What stands in for each choice of an item: `1..60` is `7`. The same choice is the same throughout an item. */
export type Binding = ReadonlyMap<string, string>;

const RANGE = /^(\d{1,6})\.\.(\d{1,6})$/;
const WORDS = /^[^{},]*(?:,[^{},]*)+$/;
const DATE = /^(yyyymmdd|yyyy-mm-dd|yyyy-mm)(?:-(\d{1,3}))?$/;

const EXPECTED = 'expected {1..60}, {acme,globex}, {yyyymmdd}, {yyyy-mm-dd} or {yyyy-mm}';

/** @returns the template, or the sentence that says what is wrong with the text */
export function parseTemplate(text: string): Template | string {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(/\{([^{}]*)\}/g)) {
    const [whole, inside = ''] = match;
    parts.push(text.slice(at, match.index));
    at = match.index + whole.length;
    const [, date, back = '0'] = DATE.exec(inside) ?? [];
    const [, from, to] = RANGE.exec(inside) ?? [];
    if (date !== undefined) parts.push({ date, back: Number(back) });
    else if (from !== undefined && Number(from) > Number(to)) return `${whole} counts backwards`;
    else if (from !== undefined || WORDS.test(inside)) parts.push({ choice: inside });
    else return `${EXPECTED}, got ${whole}`;
  }
  parts.push(text.slice(at));
  const stray = parts.find((part) => typeof part === 'string' && /[{}]/.test(part));
  return stray === undefined ? { parts } : `${EXPECTED}, got a brace without its other half`;
}

/** What a choice stands for, in order. */
function choicesOf(choice: string): string[] {
  const [, from, to] = RANGE.exec(choice) ?? [];
  if (from === undefined) return choice.split(',');
  const width = from.length > 1 && from.startsWith('0') ? from.length : 0;
  const size = Number(to) - Number(from) + 1;
  return Array.from({ length: size }, (_, index) => String(Number(from) + index).padStart(width, '0'));
}

/** The choices in a template, each once. */
export const choicesIn = ({ parts }: Template): string[] => [
  ...new Set(parts.flatMap((part) => (typeof part === 'object' && 'choice' in part ? [part.choice] : []))),
];

/** How many combinations an item with these choices stands for. */
export const countOf = (choices: readonly string[]): number =>
  choices.reduce((count, choice) => {
    const [, from, to] = RANGE.exec(choice) ?? [];
    return count * (from === undefined ? choice.split(',').length : Number(to) - Number(from) + 1);
  }, 1);

/** All combinations of an item's choices; the last choice changes fastest. */
export function bindingsOf(choices: readonly string[]): Binding[] {
  return choices.reduce<Binding[]>(
    (bindings, choice) => {
      const values = choicesOf(choice);
      return bindings.flatMap((binding) => values.map((value) => new Map([...binding, [choice, value]])));
    },
    [new Map()],
  );
}

/** The text of a date such as `yyyymmdd`, so many days (of `yyyy-mm`, months) back. */
export type DateOf = (form: string, back: number) => string;

/** The text of a template. */
export const fill = ({ parts }: Template, binding: Binding, dateOf: DateOf): string =>
  parts
    .map((part) => {
      if (typeof part === 'string') return part;
      return 'choice' in part ? (binding.get(part.choice) ?? '') : dateOf(part.date, part.back);
    })
    .join('');

const DAY_MS = 86_400_000;

/** Dates in UTC, counted back from that moment. */
export const datesAt =
  (nowMs: number, clock: Pick<Clock, 'iso'>): DateOf =>
  (form, back) => {
    if (form === 'yyyy-mm') {
      const [year = '', month = ''] = clock.iso(nowMs).split('-');
      const months = Number(year) * 12 + Number(month) - 1 - back;
      return `${Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, '0')}`;
    }
    const day = clock.iso(nowMs - back * DAY_MS).slice(0, 10);
    return form === 'yyyymmdd' ? day.replaceAll('-', '') : day;
  };
