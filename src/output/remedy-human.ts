import type { Change } from '../journal/types.ts';
import type { Outcome, Plan } from '../remedies/types.ts';
import type { Clock } from '../signals/asked.ts';
import { afterText, changeLines, showTarget, targetLines } from './change-text.ts';
import { escapeText } from './escape.ts';
import {
  labelled,
  linesOf,
  marked,
  type Screen,
  SENTENCE,
  showCommand,
  someOf,
  warningLines,
} from './lines.ts';
import type { Paint } from './paint.ts';
import { headline, isProblem, nameOf, noteOf, refusalLines, verdictOf } from './remedy-sentences.ts';
import { wrap } from './wrap.ts';

/** How many changes are spelled out; the JSON document has them all. */
const SPELLED_OUT = 10;

const NOW_THEN = { before: 'now', after: 'then', fresh: true };
const WAS_NOW = { before: 'was', after: 'now', fresh: true };
const SEEN_NOW = { before: 'seen', after: 'now', fresh: true };
const WAS_MEANT = { before: 'was', after: 'meant', fresh: true };

/** Where a remedy is applied. */
export interface About {
  readonly remedy: string;
  /** Without secrets; null: not used. */
  readonly systems: { readonly redis: string | null; readonly api: string | null };
  readonly context: string | null;
  readonly production: boolean;
}

/** What is about to change, for the operator who is asked next. Ends with a newline. */
export function previewText(plan: Plan, about: About, paint: Paint, width: number, clock: Clock): string {
  const screen = { paint, width };
  const changes = plan.planned.map(({ change }) => change);
  const checklist = plan.checklist.map((step, index) =>
    wrap(`  ${index + 1}. ${escapeText(step, SENTENCE)}`, width, '     '),
  );
  return linesOf([
    paint
      .strong(wrap(`${nameOf(about.remedy, plan.subject)}${whereOf(changes, about)}`, width, '  '))
      .replace(/PRODUCTION(?=\)\S*$)/, (word) => paint.bad(word)),
    ...labelled(factsOf(plan), width),
    ...spelledOut(
      changes.filter(({ status }) => status === 'planned'),
      (change) => changeLines(change, NOW_THEN, screen, clock),
      screen,
    ),
    ...problems(changes, screen, clock, 'left alone'),
    ...unchanged(changes, screen, clock),
    ...warningLines(plan.warnings, screen),
    ...(checklist.length > 0 ? [paint.strong('Before you engage it'), ...checklist] : []),
  ]);
}

/** ` on redis://10.0.0.5:6379 (context prod, PRODUCTION)`: the systems that the changes are for. */
function whereOf(changes: readonly Change[], { systems, context, production }: About): string {
  const used = (['redis', 'api'] as const).filter((system) =>
    changes.some((change) => change.system === system),
  );
  const where = used.map((system) => escapeText(systems[system] ?? system, 200));
  const notes = [
    ...(context === null ? [] : [`context ${escapeText(context)}`]),
    ...(production ? ['PRODUCTION'] : []),
  ];
  return `${where.length > 0 ? ` on ${where.join(' and ')}` : ''}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
}

/** What became of a remedy: `out` when it ran or had nothing to do, `err` when it was not done. Each ends with a newline. */
export function outcomeText(
  outcome: Outcome,
  paint: Paint,
  width: number,
  clock: Clock,
): { out: string; err: string } {
  const screen = { paint, width };
  const { status, changes, advice } = outcome;
  const run = advice === null ? [] : [`Run: ${paint.name(showCommand(advice))}`];
  if (status === 'refused') {
    // Warnings are about what would have been done.
    const facts = labelled(factsOf(outcome), width);
    return { out: '', err: linesOf([...refusalLines(outcome, screen), ...facts, ...run]) };
  }
  if (status === 'conflict' || status === 'failed') {
    const several = changes.length > 1 || status === 'conflict' ? problems(changes, screen, clock) : [];
    const warnings = warningLines(outcome.warnings, screen);
    return { out: '', err: linesOf([...headline(outcome, screen), ...several, ...warnings, ...run]) };
  }
  const done = changes.filter((change) => change.status === 'applied' || change.status === 'dry-run');
  const sides = status === 'dry-run' ? NOW_THEN : WAS_NOW;
  const isMixed = new Set(done.map(({ verified }) => verified)).size > 1;
  const lines = [
    ...headline(outcome, screen),
    ...labelled(factsOf(outcome), width),
    ...problems(changes, screen, clock),
    ...spelledOut(
      done,
      (change) => changeLines(change, sides, screen, clock, noteOf(change, isMixed)),
      screen,
    ),
    ...unchanged(changes, screen, clock),
    ...verdictOf(outcome, screen),
    ...warningLines(outcome.warnings, screen),
    ...run,
    ...recorded(outcome, screen),
  ];
  return { out: linesOf(lines), err: '' };
}

const factsOf = ({ facts }: Pick<Plan, 'facts'>) =>
  facts.map(({ name, value }) => ({ name: escapeText(name, 100), value: escapeText(value, SENTENCE) }));

/** What did not go as planned, each with the reason; of a conflict what was seen and what is there now. */
function problems(changes: readonly Change[], screen: Screen, clock: Clock, conflict = 'conflict'): string[] {
  const bad = changes.filter(({ status }) => isProblem(status));
  const say = (change: Change) => {
    const message = change.message === null ? '' : `: ${escapeText(change.message, SENTENCE)}`;
    const word = change.status === 'conflict' ? conflict : change.status;
    const line = marked('!', `${showTarget(change)}: ${word}${message}`, screen, 'bad');
    if (change.status !== 'conflict' && change.status !== 'unknown') return [line];
    const sides = change.status === 'conflict' ? SEEN_NOW : WAS_MEANT;
    const [, ...both] = changeLines(change, sides, screen, clock);
    return [line, ...both.slice(targetLines(change, screen).length - 1)];
  };
  return spelledOut(bad, say, screen);
}

function spelledOut(
  changes: readonly Change[],
  say: (change: Change) => string[],
  { paint }: Screen,
): string[] {
  const more = changes.length - SPELLED_OUT;
  return [
    ...changes.slice(0, SPELLED_OUT).flatMap(say),
    ...(more > 0 ? [paint.dim(`  and ${more} more`)] : []),
  ];
}

/** What is so already, in one sentence; a single one with what it holds. */
function unchanged(changes: readonly Change[], screen: Screen, clock: Clock): string[] {
  const same = changes.filter(({ status }) => status === 'unchanged');
  const [first] = same;
  if (first === undefined) return [];
  if (same.length === 1) {
    const what = `${showTarget(first)} (${afterText(first, clock, true)})`;
    return [marked('=', `unchanged: ${what}`, screen, 'dim')];
  }
  return [marked('=', `${same.length} unchanged: ${someOf(same.map(showTarget))}`, screen, 'dim')];
}

function recorded({ id, operator, reason, undo }: Outcome, { paint, width }: Screen): string[] {
  const why = reason === null ? '' : `: ${escapeText(reason, 200)}`;
  const who = id === null ? [] : [`Recorded as ${escapeText(id)} by ${escapeText(operator, 100)}${why}`];
  return [
    ...who.map((line) => paint.dim(wrap(line, width, '  '))),
    ...(undo === null ? [] : [`Undo: ${paint.name(showCommand(undo))}`]),
  ];
}
