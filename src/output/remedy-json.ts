import type { Change, State } from '../journal/types.ts';
import type { Outcome } from '../remedies/types.ts';
import { toJson } from './json.ts';
import { quoteCommand } from './quote.ts';

/** The document `ratelimit/remedy/v1`, also of what was refused or failed. Its shape is a contract: keys are only ever added. */
export function remedyJson(outcome: Outcome): string {
  return toJson({
    schema: 'ratelimit/remedy/v1',
    id: outcome.id,
    remedy: outcome.remedy,
    subject: outcome.subject,
    status: outcome.status,
    reason: outcome.reason,
    operator: outcome.operator,
    at: outcome.at,
    expiresAt: outcome.expiresAt,
    changes: outcome.changes.map(changeJson),
    facts: outcome.facts.map(({ name, value }) => ({ name, value })),
    verified: outcome.verified,
    verification: outcome.verification,
    undo: commandOf(outcome.undo),
    warnings: outcome.warnings,
    message: outcome.message,
    refusals: outcome.refusals.map(({ guard, message, override }) => ({ guard, message, override })),
    command: commandOf(outcome.advice),
  });
}

const commandOf = (words: readonly string[] | null): string | null =>
  words === null ? null : quoteCommand(words);

/** A change as every document shows it: exact values, never escaped for display. */
export const changeJson = (change: Change) => ({
  system: change.system,
  target: change.target,
  before: stateJson(change.before),
  after: stateJson(change.after),
  status: change.status,
  message: change.message,
  verified: change.verified,
});

const stateJson = (state: State | null) =>
  state === null ? null : { value: state.value, ttlSeconds: state.ttlSeconds, expiresAt: state.expiresAt };
