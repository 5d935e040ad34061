import type { Config } from '../config/types.ts';
import type { Entry, IntentEvent } from '../journal/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { seenBy } from './keep-look.ts';
import { systemsOf } from './parts.ts';

/** What a run is aimed at. */
export interface Aim {
  readonly config: Config;
  readonly runbook: Runbook;
}

/** What a note is about, as the journal names it: for a runbook that reads no Redis its Prometheus, too. */
export const systemsOfNote = ({ config, runbook }: Aim): IntentEvent['systems'] => ({
  ...systemsOf(config),
  prometheus: seenBy(config, runbook).prometheus,
});

/**
 * Tells whether an entry is about the systems that this run is aimed at. A remedy is by its Redis, since another one may
 * have keys of the same name. A note is by its context, too; without one by its runbook and what that reads, since all
 * systems without a Redis of their own have the same default.
 */
export function hereFor(aim: Aim): (entry: Entry) => boolean {
  const here = systemsOfNote(aim);
  const inUse = aim.config.context;
  return ({ context, note, runbook: of, systems }) => {
    if (systems.redis !== here.redis) return false;
    if (note === undefined) return true;
    if (context !== null || inUse !== null) return context === inUse;
    return of === aim.runbook.name && (systems.prometheus ?? null) === here.prometheus;
  };
}
