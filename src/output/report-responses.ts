import type { Change, State } from '../journal/types.ts';
import type { Report, Response } from '../report/model.ts';
import type { Clock } from '../signals/asked.ts';
import { quoteStored } from './change-text.ts';
import { escapeText } from './escape.ts';
import { SENTENCE } from './lines.ts';
import { effectText } from './report-effects.ts';
import type { Fact, PageResponse } from './report-page.ts';
import { momentText, outcomeText, responseTitle } from './report-words.ts';

/** What was done, in words: who, when, why, what changed, what became of it, and the means before and after it. */
export function responseText(response: Response, report: Report, clock: Clock): PageResponse {
  const { entry, atMs, undo, effects } = response;
  const fact = (name: string, value: string | null): Fact[] => (value === null ? [] : [{ name, value }]);
  const changes = entry.changes.slice(0, MOST_CHANGES).map((change): Fact => {
    const state = change.status === entry.status ? '' : `, ${change.status}`;
    return {
      name: 'Change',
      value: `${escapeText(change.target, 400)}: ${changeOf(change, clock)}${state}`,
    };
  });
  const more = entry.changes.length - changes.length;
  return {
    title: responseTitle(response),
    facts: [
      ...fact('When', momentText(atMs, clock)),
      ...fact('Who', escapeText(entry.operator, 60)),
      ...fact(entry.note === undefined ? 'Why' : 'What', escapeText(entry.reason, SENTENCE)),
      ...(entry.note === undefined
        ? fact('Outcome', outcomeText(entry))
        : noteFacts(response, report, clock)),
      ...fact('Seen', entry.verification === null ? null : escapeText(entry.verification, SENTENCE)),
      ...changes,
      ...fact('More', more > 0 ? `${more} more changes` : null),
      ...fact(
        'Taken back',
        undo === null
          ? null
          : `${momentText(undo.atMs, clock)} by ${escapeText(undo.entry.operator, 60)}: ${escapeText(undo.entry.reason, SENTENCE)}`,
      ),
      ...fact('Journal', escapeText(entry.id)),
    ],
    effects: effects.map((effect) => effectText(effect, report, clock)),
  };
}

/** What was done by hand was written down by somebody: no command saw what came of it. */
function noteFacts({ entry, effects }: Response, { runbook }: Report, clock: Clock): Fact[] {
  const { category, step, happenedAt } = entry.note ?? { category: null, step: null, happenedAt: null };
  const inRunbook = runbook.categories
    .filter(({ id }) => category === null || id === category)
    .flatMap(({ respond }) => respond)
    .find(({ id }) => id === step);
  return [
    ...(category === null ? [] : [{ name: 'Response to', value: escapeText(category) }]),
    ...(step === null
      ? []
      : [
          {
            name: 'Step',
            value: `${escapeText(step)}${inRunbook === undefined ? '' : `: ${inRunbook.text}`}`,
          },
        ]),
    ...(happenedAt === null ? [] : [{ name: 'Written down', value: momentText(clock.ms(entry.at), clock) }]),
    ...(effects.length > 0 ? [] : [{ name: 'Effect', value: UNMEASURED }]),
  ];
}

const UNMEASURED = 'a note has no measured effect';

/** `nothing -> credential_stuffing, until 2026-05-30 03:14:10 UTC`. */
function changeOf({ system, before, after }: Change, clock: Clock): string {
  const side = (state: State | null, none: string) => {
    if (state === null) return none;
    const ms = state.expiresAt === null ? null : clock.ms(state.expiresAt);
    const until = ms === null ? '' : `, until ${Number.isFinite(ms) ? momentText(ms, clock) : 'some time'}`;
    return `${quoteStored(state.value)}${until}`;
  };
  return `${side(before, system === 'api' ? 'not known' : 'nothing')} -> ${side(after, 'nothing')}`;
}

/** Changes that are told of one response; its journal entry has them all. */
const MOST_CHANGES = 10;
