import type { Block } from '../remedies/blocks.ts';
import type { Cap } from '../remedies/caps.ts';
import type { Clock } from '../signals/asked.ts';
import { showStored } from './change-text.ts';
import { escapeMarkdown, escapeText, literalMarkdown } from './escape.ts';
import { toJson } from './json.ts';
import { labelled, linesOf, type Screen, SENTENCE, warningLines } from './lines.ts';
import { type Cell, type Listing, stackOf, tableOf } from './listing.ts';
import { codeOf, markdownList, markdownPage, markdownTable, momentOf } from './markdown.ts';
import { formatAmount, formatNumber, formatShare } from './numbers.ts';
import type { Paint } from './paint.ts';
import { showTime } from './times.ts';
import { wrap } from './wrap.ts';

export type Format = 'human' | 'json' | 'markdown';

type Warnings = readonly string[];

/** The blocks in force, `ratelimit/blocks/v1`. Ends with a newline. */
export function blocksText(
  { blocks, warnings }: { readonly blocks: readonly Block[]; readonly warnings: Warnings },
  format: Format,
  paint: Paint,
  width: number,
  clock: Clock,
): string {
  if (format === 'json') {
    const shown = blocks.map(({ ip, reason, expiresAt, ttlSeconds, operator, journalId }) => {
      return { ip, reason, expiresAt, ttlSeconds, operator, journalId };
    });
    return toJson({ schema: 'ratelimit/blocks/v1', blocks: shown, warnings });
  }
  const title = blocks.length === 0 ? 'no blocks in force' : count(blocks.length, 'block', ' in force');
  if (format === 'markdown') {
    const rows = blocks.map(({ ip, reason, expiresAt, operator }) => [
      codeOf(ip),
      codeOf(reason),
      expiresAt === null ? 'no expiry' : momentOf(expiresAt, clock),
      operator === null ? 'not known' : escapeMarkdown(operator, 100),
    ]);
    return page(title, ['IP', 'reason', 'until', 'by'], rows, warnings);
  }
  const rows = blocks.map(({ ip, reason, expiresAt, ttlSeconds, operator }): Cell[] => [
    { text: showStored(ip, 128) },
    { text: showStored(reason) },
    expiresAt === null
      ? { text: 'no expiry', tone: 'warn' }
      : { text: showTime(expiresAt, clock, ttlSeconds) },
    operator === null ? { text: 'not known', tone: 'dim' } : { text: escapeText(operator, 60) },
  ]);
  return screenOf(title, { head: ['IP', 'reason', 'until', 'by'], rows }, warnings, { paint, width });
}

const CAP_HEAD = ['agent', 'spent', 'cap', 'used', 'changed'];

/** The caps with what was spent against them, `ratelimit/caps/v1`. Ends with a newline. */
export function capsText(
  { caps, warnings }: { readonly caps: readonly Cap[]; readonly warnings: Warnings },
  format: Format,
  paint: Paint,
  width: number,
  clock: Clock,
): string {
  if (format === 'json') {
    const shown = caps.map((cap) => ({
      ...{ agent: cap.agent, capUsd: cap.capUsd, spendUsd: cap.spendUsd, ratio: cap.ratio },
      ...{ period: cap.period, source: cap.source, problem: cap.problem },
      ...{ operator: cap.operator, changedAt: cap.changedAt, journalId: cap.journalId },
    }));
    return toJson({ schema: 'ratelimit/caps/v1', caps: shown, warnings });
  }
  const title =
    caps.length === 0 ? 'no caps and nothing spent' : `${count(caps.length, 'agent', '')}, ${spendOf(caps)}`;
  const numbers = (cap: Cap) => [
    cap.spendUsd === null
      ? 'not known'
      : `${formatAmount(cap.spendUsd, 'USD')}${cap.period === 'month' ? ' / month' : ''}`,
    capCell(cap),
    cap.ratio === null ? '' : formatShare(cap.ratio),
  ];
  const by = (operator: string | null) => `by ${escapeText(operator ?? 'nobody known', 60)}`;
  if (format === 'markdown') {
    const rows = caps.map((cap) => [
      codeOf(cap.agent),
      ...numbers(cap).map(literalMarkdown),
      cap.changedAt === null ? '' : `${momentOf(cap.changedAt, clock)} ${literalMarkdown(by(cap.operator))}`,
    ]);
    return page(title, CAP_HEAD, rows, warnings);
  }
  const rows = caps.map((cap): Cell[] => {
    const [spent = '', limit = '', used = ''] = numbers(cap);
    return [
      { text: showStored(cap.agent, 128) },
      { text: spent },
      { text: limit, tone: cap.problem === null ? undefined : 'warn' },
      { text: used, tone: (cap.ratio ?? 0) >= 1 ? 'bad' : undefined },
      { text: cap.changedAt === null ? '' : `${showTime(cap.changedAt, clock)} ${by(cap.operator)}` },
    ];
  });
  const table = { head: CAP_HEAD, rows, right: [1, 2, 3] };
  const sources = [...new Set(caps.map(({ source }) => escapeText(source, 200)))];
  return screenOf(title, table, warnings, { paint, width }, sources);
}

/** What the spends cover. */
function spendOf(caps: readonly Cap[]): string {
  const periods = new Set(caps.map(({ period }) => period));
  if (periods.size > 1) return 'spend of the day or the month';
  return periods.has('month') ? "this month's spend" : "today's spend";
}

function capCell({ capUsd, problem }: Cap): string {
  if (capUsd === null) return problem === 'invalid' ? 'no cap (invalid)' : 'no cap';
  return `${formatAmount(capUsd, 'USD')}${problem === null ? '' : ` (${problem})`}`;
}

/** What the API says of a tenant's kill switch, `ratelimit/kill-switch/v1`. Ends with a newline. */
export function switchText(
  {
    tenant,
    status,
    facts,
    warnings,
  }: {
    readonly tenant: string;
    readonly status: 'engaged' | 'released';
    readonly facts: readonly { readonly name: string; readonly value: string }[];
    readonly warnings: Warnings;
  },
  format: Format,
  paint: Paint,
  width: number,
): string {
  if (format === 'json') {
    const shown = facts.map(({ name, value }) => ({ name, value }));
    return toJson({ schema: 'ratelimit/kill-switch/v1', tenant, status, facts: shown, warnings });
  }
  const title = `kill switch of tenant ${escapeText(tenant, 128)}: ${status}`;
  if (format === 'markdown') {
    const rows = facts.map(({ name, value }) => [codeOf(name), escapeMarkdown(value, SENTENCE)]);
    return page(title, ['where', 'what'], rows, warnings);
  }
  const tone = status === 'engaged' ? paint.bad : paint.good;
  const rows = facts.map(({ name, value }) => ({
    name: escapeText(name, 200),
    value: escapeText(value, SENTENCE),
  }));
  const head = wrap(title, width, '  ').replace(/\w+$/, (word) => tone(word));
  return linesOf([head, ...labelled(rows, width), ...warningLines(warnings, { paint, width })]);
}

const count = (many: number, what: string, rest: string): string =>
  `${formatNumber(many)} ${what}${many === 1 ? '' : 's'}${rest}`;

function page(title: string, head: string[], rows: string[][], warnings: Warnings): string {
  return markdownPage([
    `**${literalMarkdown(title)}**`,
    '',
    ...markdownTable(head, rows),
    ...markdownList('Warnings', warnings),
  ]);
}

function screenOf(
  title: string,
  listing: Listing,
  warnings: Warnings,
  screen: Screen,
  notes: readonly string[] = [],
): string {
  const { paint, width } = screen;
  const shown = listing.rows.length === 0 ? [] : [tableOf(listing, screen) ?? stackOf(listing, screen)];
  return linesOf([
    paint.strong(title),
    ...shown,
    ...notes.map((note) => paint.dim(wrap(note, width, '  '))),
    ...warningLines(warnings, screen),
  ]);
}
