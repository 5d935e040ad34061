import type { Affected, Report } from '../report/model.ts';
import type { Clock } from '../signals/asked.ts';
import { escapeText } from './escape.ts';
import { formatAmount } from './numbers.ts';
import type { PageTable } from './report-page.ts';
import { plainMoment } from './report-words.ts';
import { showId } from './triage-document.ts';

const TITLES: Readonly<Record<string, string>> = { ip: 'Source IPs', tenant: 'Tenants', agent: 'Agents' };

const STATES: ReadonlyMap<string, string> = new Map([
  ['block-ip', 'blocked'],
  ['unblock-ip', 'unblocked'],
  ['raise-cap', 'cap raised'],
  ['kill-switch', 'kill switch'],
]);

/** Who was part of it, a table for each kind. */
export function affectedTables(report: Report, clock: Clock): PageTable[] {
  const kinds = [...new Set(report.affected.map(({ kind }) => kind))];
  return kinds.map((kind): PageTable => {
    const more = report.affectedMore[kind] ?? 0;
    const rows = report.affected.filter((one) => one.kind === kind);
    const columns = rows.every(({ subject }) => subject) ? COLUMNS : [PART, ...COLUMNS];
    return {
      title: TITLES[kind] ?? `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}s`,
      head: [kind === 'ip' ? 'IP' : kind, ...columns.map(({ head }) => head)],
      right: [false, ...columns.map(({ right = false }) => right)],
      rows: rows.map((one) => [nameOf(one), ...columns.map(({ cell }) => cell(one, report, clock))]),
      more: more > 0 ? `and ${more} more` : null,
    };
  });
}

const nameOf = ({ id, claimed }: Affected): string =>
  `${showId(id)}${claimed ? ' (as the client says)' : ''}`;

interface Column {
  readonly head: string;
  readonly right?: boolean;
  readonly cell: (one: Affected, report: Report, clock: Clock) => string;
}

const PART: Column = {
  head: 'part',
  cell: ({ subject, peak }) => (subject ? 'subject' : peak === null ? 'named in a remedy' : 'affected'),
};

const COLUMNS: readonly Column[] = [
  {
    head: 'highest',
    right: true,
    cell: ({ peak, unit }) =>
      peak === null ? '' : `${formatAmount(peak.value, unit)}${peak.atLeast ? ' or more' : ''}`,
  },
  {
    head: 'at (UTC)',
    cell: ({ peak }, report, clock) => (peak === null ? '' : plainMoment(peak.atMs, report, clock)),
  },
  { head: 'seen (UTC)', cell: seenCell },
  { head: 'done (UTC)', cell: doneCell },
];

/** `03:11:52 to 03:24:00`, as far as anybody looked. */
function seenCell({ firstMs, lastMs }: Affected, report: Report, clock: Clock): string {
  if (firstMs === null || lastMs === null) return '';
  const [first, last] = [plainMoment(firstMs, report, clock), plainMoment(lastMs, report, clock)];
  return first === last ? first : `${first} to ${last}`;
}

/** `blocked 03:14:02, taken back 04:00:10`. */
function doneCell({ responses }: Affected, report: Report, clock: Clock): string {
  const time = (ms: number) => plainMoment(ms, report, clock);
  return responses
    .flatMap((index) => {
      const response = report.responses[index];
      if (response === undefined) return [];
      const { entry, atMs, undo } = response;
      const what = STATES.get(entry.remedy) ?? escapeText(entry.remedy, 40);
      const failed = entry.status === 'applied' ? '' : ` (${entry.status})`;
      return [`${what} ${time(atMs)}${failed}${undo === null ? '' : `, taken back ${time(undo.atMs)}`}`];
    })
    .join('; ');
}

/** Kinds of which nobody stood out, as far as that was seen: whoever reads of sources asks for the others, too. */
export function nobodyOf({ affected, looks, runbook }: Report): string | null {
  const seen = new Set(
    looks.flatMap(({ evidence }) =>
      Object.entries(evidence.signals).flatMap(([id, { status }]) =>
        status === 'measured' || status === 'empty' ? [runbook.signals[id]?.entity?.kind ?? ''] : [],
      ),
    ),
  );
  const none = Object.keys(TITLES).filter(
    (kind) => seen.has(kind) && !affected.some((one) => one.kind === kind),
  );
  if (none.length === 0 || none.length === Object.keys(TITLES).length) return null;
  return `When it was looked at, ${none.map((kind) => `no ${kind === 'ip' ? 'IP' : kind}`).join(' and ')} stood out.`;
}
