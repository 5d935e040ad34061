import { absent, empty, measured, type Row } from '../../evidence/types.ts';
import { query } from './api.ts';
import { combine, partOf } from './promql.ts';
import { alone, type Held, type Of, type Question } from './question.ts';
import { plainRow } from './read.ts';

/** Rows that are kept; the rest is in the count. */
export const TOP_OWN = 1_000;
/** Parts (an entity and a value of the mixed label) that are fetched at most. */
const MOST_PARTS = 5_000;

/**
 * Asks a query of the operator's own, as the context has it. Prometheus adds up its samples by one label, and times become
 * ages there: however many series the query gives, the answer is bounded. Throws SourceError.
 */
export async function readQuery(source: Of<'prometheus-query'>, question: Question): Promise<Held> {
  const { http, kind, queries } = question;
  const { setting, by, mix, reads } = source;
  const promql = Object.hasOwn(queries, setting) ? queries[setting] : undefined;
  if (promql === undefined) {
    const reason = `not configured (queries.${setting} of the context: ${source.about})`;
    return alone(absent(reason, 'not-configured'));
  }
  // The line break ends a comment.
  const own = `(${promql}\n)`;
  const isTime = reads === 'time';
  // Of several times the latest counts, of several numbers their sum.
  const grouped = (labels: string) =>
    isTime ? `min by (${labels}) (time() - ${own})` : `sum by (${labels}) ${own} > 0`;
  const order = isTime ? 'bottomk' : 'topk';
  const parts = await query(http, `${order}(${MOST_PARTS}, ${grouped(mix === null ? by : `${by}, ${mix}`)})`);
  const rows = new Map<string, Row>();
  for (const { labels, value } of parts) {
    const id = labels[by] ?? '';
    const known = rows.get(id);
    const part = mix === null ? {} : { [labels[mix] ?? '']: value };
    const all = isTime ? Math.max(0, Math.min(value, known?.value ?? value)) : value + (known?.value ?? 0);
    rows.set(id, {
      ...plainRow(id, kind, all),
      labels: mix === null ? {} : { [mix]: { ...known?.labels[mix], ...part } },
    });
  }
  if (rows.size === 0) return alone(empty(`queries.${setting} answers nothing`));
  const list = [...rows.values()];
  const whole =
    parts.length < MOST_PARTS
      ? { total: list.reduce((sum, { value }) => sum + value, 0), distinct: list.length }
      : await counted(http, grouped(by));
  return alone(measured({ ...whole, total: isTime ? null : whole.total, rows: list }));
}

/** What there is in all, where it did not fit into the answer. */
async function counted(http: Question['http'], byEntity: string) {
  const answer = await query(http, combine({ total: `sum(${byEntity})`, count: `count(${byEntity})` }));
  const number = (name: string) => partOf(answer, name)[0]?.value ?? 0;
  return { total: number('total'), distinct: number('count') };
}
