import { startSystems } from '../../src/drill/systems.ts';
import type { Answers } from '../../src/evidence/answers.ts';
import { type Adapters, collect } from '../../src/evidence/collect.ts';
import type { Evidence } from '../../src/evidence/types.ts';
import type { Incident } from '../../src/incidents/schema.ts';
import { withSettingsOf } from '../../src/incidents/settings.ts';
import { compare } from '../../src/labels/compare.ts';
import type { Trial } from '../../src/labels/types.ts';
import { proposeAll } from '../../src/remedies/propose.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { adapters } from '../../src/signals/adapters.ts';
import type { Clock } from '../../src/signals/asked.ts';
import { judge } from '../../src/verdict/judge.ts';
import type { Verdict } from '../../src/verdict/types.ts';
import { clock, configOf } from './collecting.ts';
import { builtIn } from './evidence.ts';

export interface Played {
  readonly runbook: Runbook;
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  /** Ids of the responses that are proposed, for all findings. */
  readonly proposed: readonly string[];
}

/**
 * Plays the first moment of an incident on a drill's embedded systems, which takes milliseconds, and judges it.
 * @param through replaces what reads them, such as with what answers unknown
 */
export async function play(
  incident: Incident,
  { windowSeconds = 300, through = (own: Adapters): Adapters => own } = {},
): Promise<Played> {
  const start = Date.now();
  const still: Clock = { ...clock, now: () => start };
  const own = builtIn(incident.runbook);
  const systems = await startSystems(incident, own.remedies, still);
  try {
    const config = await configOf({ redis: systems.redis });
    const runbook = withSettingsOf(incident, own);
    const reading = through({
      redis: adapters.redis,
      prometheus: systems.readPrometheus,
      logs: systems.readLogs,
    });
    const request = { config, runbook, windowSeconds, clock: still };
    const evidence = await collect(reading, request, new AbortController().signal);
    return judged(evidence, runbook, answersOf(incident));
  } finally {
    systems.close();
  }
}

/** The same of evidence that is there already. */
export function judged(evidence: Evidence, runbook: Runbook, answers: Answers = {}): Played {
  const verdict = judge(evidence, runbook, answers);
  const proposals = [...proposeAll(verdict, runbook, evidence).values()].flat();
  return { runbook, evidence, verdict, proposed: proposals.map(({ id }) => id) };
}

const answersOf = ({ answers }: Incident): Answers =>
  Object.fromEntries(Object.entries(answers).map(([id, answer]) => [id, { answer, by: 'operator' }]));

/** Holds what was played against the incident's own truth. */
export function tried(name: string, { expect }: Incident, { verdict, proposed }: Played): Trial {
  const { 'not-proposed': notProposed, ...label } = expect;
  return compare(name, { ...label, notProposed }, verdict, proposed);
}
