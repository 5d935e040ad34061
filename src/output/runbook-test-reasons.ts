import type { Mismatch, Trial } from '../labels/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { escapeText } from './escape.ts';
import { someOf } from './lines.ts';
import { explain, explainAll, explainCaveat } from './sentences.ts';
import { failing } from './triage-document.ts';

/** `+` holds, `-` does not, `!` is a reason to doubt, `?` could not be seen. The text is escaped. */
export interface Reason {
  readonly mark: '+' | '-' | '!' | '?';
  readonly text: string;
}

/** Names that a sentence lists at the most. */
const MAX_NAMES = 20;

const list = (names: readonly string[], nothing: string, between = ', '): string =>
  names.length === 0
    ? nothing
    : between === ', '
      ? someOf(
          names.map((name) => escapeText(name, 256)),
          MAX_NAMES,
        )
      : names.map((name) => escapeText(name, 256)).join(between);

/** What was expected and what came out, escaped. */
export function mismatchText({ code, expected, got }: Mismatch): string {
  switch (code) {
    case 'category':
      return `category: expected ${list(expected, '', ' or ')}, got ${list(got, '')}`;
    case 'also':
      return `other findings: expected ${list(expected, 'none')}, got ${list(got, 'none')}`;
    case 'confidence':
      return `confidence: expected ${list(expected, '', ' or ')}, got ${list(got, '')}`;
    case 'subjects':
      return `subjects: expected ${list(expected, 'none')}, got ${list(got, 'none')}`;
    case 'caveats':
      return `caveats: expected ${list(expected, 'none')} among them, got ${list(got, 'none')}`;
    case 'not-proposed':
      return `proposed in spite of the label: ${list(got, 'nothing')}`;
  }
}

/** `quiet (confidence high)`. */
export const verdictText = ({ verdict: { category, confidence } }: Trial): string =>
  `${category} (confidence ${confidence})`;

/** Why the verdict is what it is, and why it is not what the label says. */
export function reasonsOf({ label, verdict }: Trial, runbook: Runbook): Reason[] {
  const [first, ...others] = verdict.findings;
  const own: Reason[] =
    first === undefined
      ? []
      : [
          ...first.because.map((one): Reason => {
            return { mark: one.met === null ? '?' : one.met ? '+' : '-', text: explain(one, runbook) };
          }),
          ...first.caveats.map((caveat): Reason => {
            return { mark: '!', text: `${caveat.code}: ${explainCaveat(caveat, runbook)}` };
          }),
        ];
  const missing = label.category.filter((id) => id !== verdict.category);
  const later = others
    .filter(({ category }) => missing.includes(category))
    .map(({ category, confidence, because }): Reason => {
      const met = because.filter((one) => one.met === true);
      return {
        mark: '+',
        text: `${category} is found after it, confidence ${confidence}: ${explainAll(met, runbook)}`,
      };
    });
  const against = (mark: '-' | '?', list: typeof verdict.ruledOut): Reason[] =>
    list
      .filter(({ category }) => missing.includes(category) || first === undefined)
      .map(({ category, because }) => ({
        mark,
        text: `${category}: ${explainAll(failing(because), runbook)}`,
      }));
  return [
    ...own,
    ...later,
    ...verdict.unexplained.map(
      (one): Reason => ({ mark: '!', text: `${explain(one, runbook)}, and no category fits` }),
    ),
    ...verdict.blind.map((group): Reason => {
      const titles = group.map((id) => runbook.signals[id]?.title ?? id).join(' or ');
      return { mark: '?', text: `no live source for ${titles}` };
    }),
    ...against('-', verdict.ruledOut),
    ...against('?', verdict.undecided),
  ];
}
