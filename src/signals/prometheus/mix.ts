import { rounded } from '../../evidence/rounded.ts';
import type { Row } from '../../evidence/types.ts';

/** Values of a mixed label that are kept of an entity. */
const TOP_MIX = 20;
/** Where the rest of a mix goes that has too many values. */
const OTHERS = '(others)';

/**
 * The mix of a label within an entity. It adds up to the whole, or the share of what is kept would be taken for the
 * share of all.
 * @param parts values of the label and what each has, the largest first
 */
export function mixOf(
  label: string,
  whole: number,
  parts: readonly (readonly [string, number])[],
): Row['labels'] {
  if (parts.length === 0) return {};
  const mixed: Record<string, number> = Object.create(null);
  let rest = whole;
  for (const [value, part] of parts.filter((one) => one[1] > 0).slice(0, TOP_MIX)) {
    mixed[value] = rounded(part);
    rest -= part;
  }
  if (rest > whole * 1e-9) mixed[OTHERS] = (mixed[OTHERS] ?? 0) + rounded(rest);
  return { [label]: mixed };
}

/** Of rows the ids that are not valid for their kind; the rows are the largest first. */
export function strangersAmong(rows: readonly Row[]) {
  const strangers = rows.filter((row) => !row.valid);
  return {
    distinct: strangers.length,
    total: strangers.reduce((sum, row) => sum + row.value, 0),
    largest: strangers[0]?.value ?? 0,
    bins: [],
  };
}
