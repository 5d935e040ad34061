import type { Change, ChangeStatus } from '../journal/types.ts';
import type { Outcome, Refusal } from '../remedies/types.ts';
import { escapeText } from './escape.ts';
import { marked, type Screen, SENTENCE } from './lines.ts';
import { wrap } from './wrap.ts';

/** `block-ip 203.0.113.42`. */
export const nameOf = (remedy: string, subject: string | null): string =>
  subject === null ? escapeText(remedy) : `${escapeText(remedy)} ${escapeText(subject, 200)}`;

/** True of a change that did not go as planned. */
export const isProblem = (status: ChangeStatus): boolean =>
  status === 'conflict' || status === 'failed' || status === 'unknown' || status === 'skipped';

/** A message of one or more lines, as sentences, escaped. */
const sentences = (message: string | null): string[] =>
  (message ?? '').split('\n').flatMap((line) => (line === '' ? [] : [escapeText(line, SENTENCE)]));

/** The first line, which says the status; further ones say why. */
export function headline(outcome: Outcome, screen: Screen): string[] {
  const { paint, width } = screen;
  const name = nameOf(outcome.remedy, outcome.subject);
  const [first = '', ...others] = sentences(outcome.message);
  const line = (word: string, tone: keyof typeof paint, rest: string) =>
    wrap(`${word}: ${rest}`, width, '  ').replace(word, () => paint[tone](word));
  const more = others.map((sentence) => wrap(`  ${sentence}`, width, '  '));
  const because = first === '' ? '' : `: ${first}`;
  switch (outcome.status) {
    case 'applied':
      return [line('applied', 'good', name)];
    case 'dry-run':
      return [
        line('dry run', 'warn', 'nothing was written'),
        wrap(`${name} would make ${countOf(outcome.changes)}`, width, '  '),
      ];
    case 'unchanged':
      return [line('unchanged', 'strong', first === '' ? `${name}: it is so already` : first), ...more];
    case 'partial':
      return [line('partial', 'bad', `${name}: ${shareOf(outcome.changes)}`)];
    case 'unknown':
      return [line('unknown', 'bad', `${name}: nobody knows whether it was done. Look before you try again`)];
    default:
      return [
        wrap(`ratelimit: ${outcome.status}: ${name}${because}`, width, '  ').replace(outcome.status, (word) =>
          paint.bad(word),
        ),
        ...more,
      ];
  }
}

function countOf(changes: readonly Change[]): string {
  const count = changes.filter(({ status }) => status === 'dry-run').length;
  return count === 1 ? 'this change' : `these ${count} changes`;
}

function shareOf(changes: readonly Change[]): string {
  const wanted = changes.filter(({ status }) => status !== 'unchanged');
  return `${wanted.filter(({ status }) => status === 'applied').length} of ${wanted.length} changes made`;
}

/** Why it was refused, a reason each, and what overrides that. */
export function refusalLines({ refusals, message }: Outcome, { paint, width }: Screen): string[] {
  const say = (sentence: string) =>
    wrap(`ratelimit: refused: ${sentence}`, width, '  ').replace('refused', (word) => paint.bad(word));
  if (refusals.length === 0) return sentences(message).map(say);
  return refusals.flatMap((refusal) => [
    ...sentences(refusal.message).map(say),
    ...overrideOf(refusal).map((line) => wrap(`  ${line}`, width, '  ')),
  ]);
}

/** Nothing when the message has named the flag already. */
function overrideOf({ override, message }: Refusal): string[] {
  if (override === null || message.includes(override)) return [];
  return [`${escapeText(override, 100)} overrides this`];
}

/** What was seen of the effect, with what to do when there is none. */
export function verdictOf({ verified, verification }: Outcome, screen: Screen): string[] {
  const seen = verification === null ? '' : `: ${escapeText(verification, SENTENCE)}`;
  switch (verified) {
    case null:
      return [];
    case 'enforced':
      return [marked('+', `enforced${seen}`, screen, 'good')];
    case 'stored':
      return [marked('-', `stored, its effect is not proven${seen}`, screen, 'dim')];
    case 'not-enforced':
      return [
        marked('!', `NOT ENFORCED${seen}`, screen, 'bad'),
        marked(
          '!',
          'What was written stays there: undo it, or leave it, but do not rely on it.',
          screen,
          'bad',
        ),
      ];
    case 'unknown':
      return [marked('?', `whether it takes effect is not known${seen}`, screen)];
  }
}

/** What else there is to say of a change that was made. */
export function noteOf(change: Change, isMixed: boolean): { name: string; value: string }[] {
  const effect = isMixed && change.verified !== null ? [{ name: 'seen', value: change.verified }] : [];
  const note = change.message === null ? [] : [{ name: 'note', value: escapeText(change.message, SENTENCE) }];
  return [...effect, ...note];
}
