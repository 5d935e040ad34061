import type { Context } from '../context.ts';
import type { Incident } from '../incidents/schema.ts';
import { entriesOf } from '../journal/entries.ts';
import type { Entry } from '../journal/types.ts';
import type { Proposal } from '../remedies/propose.ts';
import type { Named } from './library.ts';
import type { Ran, Said, Session } from './session.ts';
import type { Beginning } from './truth.ts';

/** How a drill went: the document `ratelimit/drill/v1` is made of this. */
export interface DrillReport {
  /** The incident's name, or the path of its file. */
  readonly name: string;
  readonly incident: Incident;
  readonly runbook: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly seconds: number;
  /** What the last triage said; null: there was none. */
  readonly said: Said | null;
  /** Was that the truth? Also when an earlier triage told it, and the last one that it is over. null: nothing was said. */
  readonly isRight: boolean | null;
  /** How often the systems were looked at. */
  readonly triages: number;
  /** What was changed, as the drill's own journal has it; newest last. */
  readonly entries: readonly Entry[];
  /** The runbook's responses to what really went on. */
  readonly responses: readonly Proposal[];
  readonly ran: readonly Ran[];
  /** Flags, variables and files that were given and mean nothing in a drill. */
  readonly ignored: readonly string[];
  readonly warnings: readonly string[];
}

interface Parts {
  readonly named: Named;
  readonly runbook: string;
  readonly startedMs: number;
  readonly beginning: Beginning;
  readonly session: Session;
  readonly ignored: readonly string[];
}

/** @param context the drill's own */
export async function reportOf(parts: Parts, context: Context): Promise<DrillReport> {
  const { named, runbook, startedMs, beginning, session, ignored } = parts;
  const { incident, name } = named;
  const { clock } = context;
  const { events } = await (await context.journal()).read();
  const { said } = session;
  const isTrue = (category: string) => incident.expect.category.includes(category);
  return {
    ...{ name, incident, runbook, startedAt: clock.iso(startedMs) },
    seconds: Math.round((clock.now() - startedMs) / 1_000),
    said,
    isRight:
      said &&
      (isTrue(said.category) ||
        (said.category === 'quiet' && session.triages.some(({ category }) => isTrue(category)))),
    triages: session.triages.length,
    entries: entriesOf(events),
    responses: beginning.responses,
    ran: session.ran,
    ignored,
    warnings: isTrue(beginning.category)
      ? []
      : [`the runbook itself took this for ${beginning.category} when it began: one of the two is wrong`],
  };
}
