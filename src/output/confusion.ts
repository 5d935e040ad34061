import type { Screen } from './lines.ts';
import { renderTable } from './table.ts';

/** One judged capture: what it is labelled as, and what came out. */
export interface Judged {
  readonly label: string;
  readonly verdict: string;
}

/** How often each label came out as each verdict. Only names that occur are there. */
export interface Confusion {
  /** All names, in order; each is known by its number. */
  readonly names: readonly string[];
  /** Rows. */
  readonly labels: readonly string[];
  /** Columns. */
  readonly verdicts: readonly string[];
  /** `counts[row][column]`. */
  readonly counts: readonly (readonly number[])[];
}

/** @param order the names in their order, such as a runbook's categories; others come after them, by the alphabet */
export function confusionOf(judged: readonly Judged[], order: readonly string[]): Confusion {
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const sorted = (names: readonly string[]) =>
    [...new Set(names)].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  const labels = sorted(judged.map(({ label }) => label));
  const verdicts = sorted(judged.map(({ verdict }) => verdict));
  const counts = labels.map((label) =>
    verdicts.map((verdict) => judged.filter((one) => one.label === label && one.verdict === verdict).length),
  );
  return { names: sorted([...labels, ...verdicts]), labels, verdicts, counts };
}

/**
 * Rows are labels, columns verdicts, which are numbered: the names of all categories side by side fit on no screen.
 * Nothing without captures.
 */
export function confusionLines(confusion: Confusion, { paint, width }: Screen): string[] {
  const { labels, verdicts, counts } = confusion;
  if (labels.length === 0) return [];
  const number = numbering(confusion);
  const rows = labels.map((label, row) => [
    `${number(label)} ${label}`,
    ...verdicts.map((verdict, column) => {
      const count = counts[row]?.[column] ?? 0;
      if (count === 0) return paint.dim('.');
      return (verdict === label ? paint.good : paint.bad)(String(count));
    }),
  ]);
  const head = ['label \\ verdict', ...verdicts.map(number)];
  const align = head.map((_, column) => (column === 0 ? 'left' : 'right'));
  return [
    ...renderTable({ head, rows, align, width, paint }).split('\n'),
    ...verdictsOnly(confusion).map((name) => `${number(name)} ${name}, which nothing is labelled`),
  ];
}

/** The same as a table of Markdown, its names in code spans, with an empty line after it. */
export function confusionMarkdown(confusion: Confusion): string[] {
  const { labels, verdicts, counts } = confusion;
  if (labels.length === 0) return [];
  const number = numbering(confusion);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(['label \\\\ verdict', ...verdicts.map(number)]),
    line(['---', ...verdicts.map(() => '--:')]),
    ...labels.map((label, row) =>
      line([
        `${number(label)} \`${label}\``,
        ...(counts[row] ?? []).map((count) => (count === 0 ? '' : String(count))),
      ]),
    ),
    '',
    ...verdictsOnly(confusion).flatMap((name) => [
      `${number(name)} is \`${name}\`, which nothing is labelled.`,
      '',
    ]),
  ];
}

/** The same number for a name as a row and as a column. */
const numbering =
  ({ names }: Confusion) =>
  (name: string): string =>
    String(names.indexOf(name) + 1);

const verdictsOnly = ({ labels, verdicts }: Confusion): string[] =>
  verdicts.filter((name) => !labels.includes(name));
