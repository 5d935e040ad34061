import { absent, empty, measured, type Reading, type Row } from '../../evidence/types.ts';
import { query } from './api.ts';
import type { Of, Question } from './read.ts';
import { plainRow } from './read.ts';

/** Rows that are kept; the rest is in the count. */
const TOP = 1_000;

/**
 * Asks a query of the operator's own, as the context has it. Its samples are summed by one label; times become ages.
 * Throws SourceError.
 */
export async function readQuery(source: Of<'prometheus-query'>, question: Question): Promise<Reading> {
  const { http, kind, queries } = question;
  const { setting, by, mix, reads } = source;
  const promql = Object.hasOwn(queries, setting) ? queries[setting] : undefined;
  if (promql === undefined) {
    return absent(`not configured (queries.${setting} of the context: ${source.about})`, 'not-configured');
  }
  const expression = reads === 'time' ? `time() - (${promql}\n)` : promql;
  const rows = new Map<string, Row>();
  for (const { labels, value } of await query(http, expression)) {
    const id = labels[by] ?? '';
    const known = rows.get(id);
    const part = mix === null ? {} : { [labels[mix] ?? '']: value };
    // Of several times the latest counts, of several numbers their sum.
    const sum =
      reads === 'time' ? Math.max(0, Math.min(value, known?.value ?? value)) : value + (known?.value ?? 0);
    rows.set(id, {
      ...plainRow(id, kind, sum),
      labels: mix === null ? {} : { [mix]: { ...known?.labels[mix], ...part } },
    });
  }
  const all = [...rows.values()].filter(({ value }) => reads === 'time' || value > 0);
  if (all.length === 0) return empty(`queries.${setting} answers nothing`);
  all.sort((a, b) => (reads === 'time' ? a.value - b.value : b.value - a.value));
  return measured({
    total: reads === 'time' ? null : all.reduce((sum, { value }) => sum + value, 0),
    distinct: all.length,
    rows: all.slice(0, TOP),
  });
}
