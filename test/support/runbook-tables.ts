import { logsLabel } from '../../src/runbooks/logs-schema.ts';
import { noneOf } from '../../src/runbooks/match.ts';
import type { Runbook, SourceSpec } from '../../src/runbooks/schema.ts';
import { selector } from '../../src/runbooks/sources.ts';
import { periodOf } from '../../src/values/template.ts';

// What the documents say of a runbook, made from its data.

export const markdownTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

export const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => `\`${cell(text)}\``;
const some = (parts: readonly (string | false)[]): string[] => parts.filter((part) => part !== false);

/** Every signal: what it is, where it comes from, its unit, and whether a verdict can do without it. */
export function signalsTable(runbook: Runbook): string {
  const rows = Object.entries(runbook.signals).map(([id, { title, unit, sources }]) => [
    code(id),
    cell(title),
    sources.map((source) => sourceText(source, runbook.contracts)).join('<br>'),
    cell(unit),
    missing(id, runbook),
  ]);
  return markdownTable(['signal', 'what it is', 'sources', 'unit', 'may be missing'], rows);
}

/** What each source reads, as the runbook writes it: key templates or a metric. */
function namesOf(source: SourceSpec): string[] {
  switch (source.kind) {
    case 'redis-counter':
      return [source.key];
    case 'redis-entry':
      return some([source.key, source.reason ?? false]);
    case 'redis-spend':
      return some([source.spend, source.cap ?? false]);
    case 'redis-eviction':
    case 'prometheus-query':
    case 'prometheus-sustained':
    case 'logs-count':
      return [];
    default:
      return [source.metric];
  }
}

function sourceText(source: SourceSpec, contracts: Runbook['contracts']): string {
  const of = contracts.filter(({ speaks }) => namesOf(source).some((name) => speaks.includes(name)));
  const notes = [...of.map(({ id }) => id), ...notesOn(source)];
  return `${shown(source)} (${notes.join(', ')})`;
}

function shown(source: SourceSpec): string {
  if (source.kind === 'prometheus-query') return `${code(`queries.${source.setting}`)} of the context`;
  if (source.kind === 'redis-eviction') return `${code('maxmemory-policy')} of \`INFO\``;
  if (source.kind === 'redis-spend') return namesOf(source).map(code).join(' against ');
  if (source.kind === 'prometheus-sustained') return code(`${source.of} over ${source.over}`);
  if (source.kind === 'logs-count') return code(logsLabel(source));
  if (source.kind === 'prometheus-count') {
    return code(selector(source.metric, source.match, noneOf(source['none-of'])));
  }
  return 'match' in source ? code(selector(source.metric, source.match)) : code(source.key);
}

function notesOn(source: SourceSpec): string[] {
  switch (source.kind) {
    case 'redis-counter':
      return some([
        source.window ?? covered(source.key),
        source['stops-at'] !== null && `stops after ${source['stops-at']}`,
        source['named-by'] === 'client' && 'named by the client',
        source.renewed && 'tells the last one',
        source['per-second'] && 'at most',
      ]);
    case 'redis-eviction':
    case 'redis-entry':
      return ['now'];
    case 'logs-count':
      return some([source.by !== null && labels({ ...source, by: source.by }), '`--window`']);
    case 'redis-spend':
      return some([covered(source.spend), source.unit === 'cents' && 'in cents']);
    case 'prometheus-rate':
      return some([
        source.by !== null && labels(source),
        '`--window`',
        source.usual && 'also yesterday and last week',
        source.ago !== null && `${source.ago} ago`,
        source['seen-within'] !== null && `absent unless seen in ${source['seen-within']}`,
      ]);
    case 'prometheus-excess':
      return [`by ${code(source.by)}`, source.over];
    case 'prometheus-count':
      return [`by ${code(source.by)}`, source.over];
    case 'prometheus-query':
      return [labels(source)];
    case 'prometheus-sustained':
      return [`a range query, step ${source.step}`];
    case 'prometheus-gauge':
      return [labels(source), 'now'];
    case 'prometheus-age':
      return [labels(source), 'now'];
  }
}

const labels = ({ by, mix }: { readonly by: string | null; readonly mix: string | null }): string =>
  `by ${some([by ?? false, mix ?? false])
    .map(code)
    .join(' and ')}`;

const covered = (key: string): string => (periodOf(key) === 'month' ? 'this month' : 'today');

/** `quiet` needs one live signal of each group; without all others it can be said. */
function missing(id: string, runbook: Runbook): string {
  const group = runbook['quiet-needs'].find((ids) => ids.includes(id));
  const others = (group ?? []).filter((other) => other !== id).map(code);
  if (group !== undefined) return others.length > 0 ? `if ${others.join(' or ')} is there` : 'no';
  const sources = runbook.signals[id]?.sources ?? [];
  return sources.every(({ kind }) => kind === 'prometheus-query') ? 'until it is configured' : 'yes';
}

/** Every check before belief: its code, what it means when it holds, what it costs, and who makes it. */
export function checksTable(runbook: Runbook): string {
  const made = new Map<string, { readonly cells: readonly string[]; readonly by: string[] }>();
  for (const { id, caveats } of byRank(runbook)) {
    for (const { code: name, text, ...cost } of caveats) {
      const cells = [code(name), cell(text), costText(cost)];
      const key = cells.join('\n');
      const row = made.get(key) ?? { cells, by: [] };
      made.set(key, { ...row, by: [...row.by, id] });
    }
  }
  const all = runbook.categories.length;
  const rows = [...made.values()]
    .sort((a, b) => (a.cells[0] ?? '').localeCompare(b.cells[0] ?? ''))
    .map(({ cells, by }) => [...cells, by.length === all ? 'every category' : by.map(code).join(', ')]);
  return markdownTable(['code', 'what it means', 'what it costs', 'made by'], rows);
}

const STEPS = ['', 'one step of confidence', 'two steps of confidence'];

interface Cost {
  readonly lowers: number;
  readonly withholds: readonly string[];
  readonly defers: readonly string[];
  readonly acquits: boolean;
}

function costText({ lowers, withholds, defers, acquits }: Cost): string {
  const parts = some([
    STEPS[lowers] ?? '',
    withholds.length > 0 && `${withholds.map(code).join(', ')} is not proposed`,
    defers.length > 0 && `${defers.map(code).join(', ')} comes last`,
    acquits && 'not named beside others',
  ]).filter((part) => part !== '');
  return parts.length > 0 ? parts.join('; ') : 'nothing: it is shown';
}

export const byRank = ({ categories }: Runbook): Runbook['categories'] =>
  [...categories].sort((a, b) => a.rank - b.rank);

/** Every threshold with its reason. */
export function thresholdsTable({ thresholds }: Runbook): string {
  const rows = Object.entries(thresholds).map(([name, { value, unit, because }]) => [
    code(name),
    `${value ?? 'not known'} ${unit}`,
    cell(because),
  ]);
  return markdownTable(['threshold', 'value', 'because'], rows);
}
