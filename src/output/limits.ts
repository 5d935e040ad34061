import type { Observed, TableInUse, Use } from '../evidence/utilisation.ts';
import type { LimitTable } from '../runbooks/limits-schema.ts';
import { formatDuration } from '../values/duration.ts';
import { codeSpan, escapeText, literalMarkdown } from './escape.ts';
import { toJson } from './json.ts';
import { linesOf, type Screen, SENTENCE, warningLines } from './lines.ts';
import { type Cell, stackOf, tableOf } from './listing.ts';
import type { Format } from './lists.ts';
import { codeOf, markdownList, markdownPage, markdownTable } from './markdown.ts';
import { formatNumber, formatShare } from './numbers.ts';
import { showReset } from './times.ts';
import { showId } from './triage-document.ts';
import { wrap } from './wrap.ts';

/** The tables of limits of a runbook, with what was seen of them. */
export interface ShownLimits {
  readonly at: string;
  readonly windowSeconds: number;
  readonly runbook: string;
  readonly context: string | null;
  readonly tables: readonly TableInUse[];
  /** Rows of a table that are shown. */
  readonly top: number;
  readonly warnings: readonly string[];
  /** Something could not be read. */
  readonly degraded: boolean;
}

/** The limits with their utilisation, `ratelimit/limits/v1`. Ends with a newline. */
export function limitsText(shown: ShownLimits, format: Format, screen: Screen): string {
  if (format === 'json') return toJson(limitsData(shown));
  return format === 'markdown' ? asMarkdown(shown) : asScreen(shown, screen);
}

/** Its shape is a contract: keys are only ever added. */
function limitsData({ tables, top, ...rest }: ShownLimits): Readonly<Record<string, unknown>> {
  const { at, windowSeconds, context, runbook, warnings, degraded } = rest;
  return {
    schema: 'ratelimit/limits/v1',
    ...{ at, windowSeconds, context, runbook },
    tables: tables.map(({ id, table, observed }) => ({
      ...{ id, title: table.title, unit: table.unit, per: table.per, each: table.each },
      default: table.default,
      tierLabel: table['tier-label'],
      tiers: Object.entries(table.tiers).map(([tier, { value, because }]) => ({ tier, value, because })),
      entries: Object.entries(table.entries).map(([entry, { value, tier, because }]) => {
        return { id: entry, value, tier, because };
      }),
      observed: observed.map(({ uses, ...one }) => ({
        ...{ signal: one.signal, status: one.status, reason: one.reason, windowSeconds: one.windowSeconds },
        rows: uses.slice(0, top).map((use) => {
          return {
            id: use.id,
            observed: use.observed,
            limit: use.limit,
            ratio: use.ratio,
            from: use.from,
            tier: use.tier,
            freesAt: use.frees?.at ?? null,
          };
        }),
      })),
    })),
    ...{ warnings, degraded },
  };
}

const HEAD = ['seen', 'limit', 'used', 'limit from'];

function asScreen({ tables, top, warnings, ...rest }: ShownLimits, screen: Screen): string {
  const { paint, width } = screen;
  const where = `runbook ${rest.runbook}${rest.context === null ? '' : `, context ${escapeText(rest.context, 128)}`}`;
  return linesOf([
    ...tables.flatMap(({ id, table, observed }) => [
      paint.strong(wrap(`${titleOf(id, table)}`, width, '  ')),
      ...reasonsOf(table).map((line) => wrap(`  ${line}`, width, '    ')),
      ...observed.flatMap((one) => {
        const rows = one.uses.slice(0, top).map(rowOf);
        const listing = { head: [table.each, ...HEAD], rows, right: [1, 2, 3] };
        return [
          '',
          wrap(headOf(one), width, '  '),
          ...(rows.length === 0 ? [] : [tableOf(listing, screen) ?? stackOf(listing, screen)]),
          ...moreOf(one, top).map((line) => paint.dim(wrap(`  ${line}`, width, '    '))),
        ];
      }),
      '',
    ]),
    ...warningLines(warnings, screen),
    ...(warnings.length > 0 ? [''] : []),
    paint.dim(wrap(where, width, '  ')),
  ]);
}

function asMarkdown({ tables, top, warnings }: ShownLimits): string {
  return markdownPage([
    ...tables.flatMap(({ id, table, observed }) => [
      `## ${literalMarkdown(titleOf(id, table))}`,
      '',
      ...reasonsOf(table).map((line) => `- ${literalMarkdown(line)}`),
      '',
      ...observed.flatMap((one) => [
        `**${literalMarkdown(headOf(one))}**`,
        '',
        ...markdownTable(
          [literalMarkdown(table.each), ...HEAD],
          one.uses.slice(0, top).map((use) => [
            typeof use.id === 'string' ? codeSpan(use.id, 200) : codeOf(use.id),
            ...rowOf(use)
              .slice(1)
              .map(({ text }) => literalMarkdown(text)),
          ]),
        ),
        ...moreOf(one, top).flatMap((line) => [literalMarkdown(line), '']),
      ]),
    ]),
    ...markdownList('Warnings', warnings),
  ]);
}

/** `requests a second that a caller may send (caller-tps, requests a second)`. */
export const titleOf = (id: string, { title, unit, per }: LimitTable): string =>
  `${title} (${id}, ${unit}${per === null ? '' : ` a ${per}`})`;

/** The default, the tiers and the entries, each with its reason. */
export function reasonsOf({ default: all, tiers, entries }: LimitTable): string[] {
  const line = (name: string, value: string, because: string) => `${name}: ${value}. ${because}`;
  return [
    all === null ? 'default: none' : line('default', formatNumber(all.value), all.because),
    ...Object.entries(tiers).map(([tier, { value, because }]) =>
      line(`tier ${escapeText(tier, 80)}`, formatNumber(value), because),
    ),
    ...Object.entries(entries).map(([id, { value, tier, because }]) =>
      line(
        escapeText(id, 80),
        value === null ? `tier ${escapeText(tier ?? '', 80)}` : formatNumber(value),
        because,
      ),
    ),
  ];
}

function headOf({ title, status, reason, windowSeconds }: Observed): string {
  const span = windowSeconds === null ? 'now' : `last ${formatDuration(windowSeconds)}`;
  if (status === 'measured') return `${title} (${span})`;
  const why = reason === null ? '' : `: ${escapeText(reason, SENTENCE)}`;
  return `${title} (${span}): ${WITHOUT[status]}${why}`;
}

const WITHOUT = {
  empty: 'nothing was seen',
  absent: 'utilisation unknown, there is no such source',
  unknown: 'utilisation unknown, it could not be read',
} as const;

function rowOf({ id, observed, limit, ratio, from, tier }: Use): Cell[] {
  const source = from === 'none' ? 'no limit is known' : from;
  return [
    { text: showId(id, 128) },
    observed === null ? { text: 'unknown', tone: 'warn' } : { text: formatNumber(observed) },
    { text: limit === null ? 'none' : formatNumber(limit), tone: limit === null ? 'warn' : undefined },
    ratio === null
      ? { text: 'unknown', tone: 'warn' }
      : { text: formatShare(ratio), tone: ratio >= 1 ? 'bad' : undefined },
    { text: tier === null ? source : `${from === 'tier' ? '' : `${from}, `}tier ${escapeText(tier, 80)}` },
  ];
}

/** What is to be said below the table: who is not in it, and when what is used passes. */
const moreOf = ({ uses }: Observed, top: number): string[] => [
  ...(uses.length > top ? [`and ${formatNumber(uses.length - top)} more, less used (--top)`] : []),
  ...uses
    .slice(0, top)
    .flatMap(({ id, frees }) =>
      frees === null ? [] : [`${showId(id, 128)}: the first of them counts until about ${showReset(frees)}`],
    ),
];
