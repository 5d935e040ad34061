import { resolveConfig } from '../config/resolve.ts';
import type { Context } from '../context.ts';
import { collect } from '../evidence/collect.ts';
import type { Incident } from '../incidents/schema.ts';
import { type Proposal, propose } from '../remedies/propose.ts';
import type { CategorySpec, Runbook } from '../runbooks/schema.ts';
import { linkTo } from '../values/pages.ts';
import { judge } from '../verdict/judge.ts';

const WINDOW_SECONDS = 300;

/** What the runbook makes of an incident before anybody has touched it. */
export interface Beginning {
  /** Its verdict's category. */
  readonly category: string;
  /** Its responses to what really goes on, ready to be typed. */
  readonly responses: readonly Proposal[];
}

/** Looks at the systems once, as triage does. @param runbook with the context's thresholds and limits */
export async function lookAtBeginning(
  { expect }: Incident,
  runbook: Runbook,
  context: Context,
): Promise<Beginning> {
  const { env, configHome, clock, interrupt } = context;
  const [config, adapters] = await Promise.all([
    resolveConfig({ flags: {}, env, configHome }),
    context.adapters(),
  ]);
  const request = { config, runbook, windowSeconds: WINDOW_SECONDS, clock };
  const evidence = await collect(adapters, request, interrupt);
  const verdict = judge(evidence, runbook);
  const category = runbook.categories.find(({ id }) => expect.category.includes(id));
  const finding = verdict.findings.find((one) => one.category === category?.id);
  if (category === undefined) return { category: verdict.category, responses: [] };
  // In real life the commands go to another system than the drill's.
  const there = { ...evidence, reach: [], reads: [] };
  const responses =
    finding === undefined ? stepsOf(category, runbook) : propose(finding, category, runbook, there);
  return { category: verdict.category, responses };
}

/** The steps of a category that the runbook did not recognise: nobody knows what to fill its commands with. */
const stepsOf = ({ respond }: CategorySpec, { links }: Runbook): Proposal[] =>
  respond.map(({ id, text, link }) => ({
    ...{ id, text, kind: 'manual', argv: null },
    link: link === null || links[link] === undefined ? null : linkTo(links[link], []),
  }));
