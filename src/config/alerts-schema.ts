import { z } from 'zod';
import { isRecord } from '../values/parse.ts';
import { didYouMean, hasControl, quote } from '../values/text.ts';
import { contextName, type Fields, line, mapping, text, withRule } from './schema-parts.ts';

const MAX_RULES = 200;

const labelName = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}]{1,128}$/u, 'the name of a label (at most 128 characters)');

const labelValue = text('text (a number needs quotes)', (value) =>
  hasControl(value) || value.length > 1_024
    ? `expected at most 1,024 characters and none of them a control character, got ${quote(value)}`
    : null,
);

const rule = withRule(
  mapping(
    {
      match: z.record(labelName, labelValue, 'a mapping of labels to the values that they must have'),
      context: contextName.optional(),
      runbook: line('the name or path of a runbook').optional(),
    },
    'a mapping of match, context, runbook',
  ),
  ({ match, context, runbook }, problem) => {
    if (isRecord(match) && Object.keys(match).length === 0) {
      problem('expected at least one label: a rule without any would be for every alert', 'match');
    }
    if (context === undefined && runbook === undefined) problem('expected a context, a runbook or both');
  },
);

/** Which context and runbook an alert is triaged with, by its labels. The first rule that matches wins. */
export const alerts = z.array(rule, 'a list of rules').max(MAX_RULES, `at most ${MAX_RULES} rules`);

/** A rule must not lead to a context that the file does not have. */
export function unknownContexts(
  { contexts, alerts: rules }: Fields,
  problem: (message: string, key: readonly PropertyKey[]) => void,
): void {
  if (!Array.isArray(rules)) return;
  const names = isRecord(contexts) ? Object.keys(contexts) : [];
  for (const [index, one] of rules.slice(0, MAX_RULES).entries()) {
    const name: unknown = isRecord(one) ? one.context : undefined;
    if (typeof name !== 'string' || names.includes(name) || !contextName.safeParse(name).success) continue;
    const advice = names.length === 0 ? 'this file has none' : didYouMean(name, names);
    problem(`no context ${quote(name)} in this file; ${advice}`, ['alerts', index, 'context']);
  }
}
