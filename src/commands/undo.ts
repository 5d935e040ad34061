import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { undo } from '../remedies/undo.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { prefixOf } from '../values/template.ts';
import { findEntry, readHistory } from './history.ts';
import { capKeys, systemsOf, withParts } from './parts.ts';
import { runRemedy, type WriteFlags } from './remedy.ts';

/** `ratelimit undo`: restores what a remedy changed, if its change still stands. */
export async function undoCommand(id: string, flags: WriteFlags, context: Context): Promise<ExitCode> {
  return withParts(flags, context, async (parts) => {
    const { config, runbook, keyspace, api } = parts;
    const entry = findEntry(id, await readHistory(context, parts));
    const remedy = undo(entry, {
      ...{ keyspace, api, clock: context.clock, killSwitch: runbook.remedies['kill-switch'] },
      target: config.api,
      capPrefix: capPrefixOf(runbook),
      systems: systemsOf(config),
    });
    const touchesApi = entry.changes.some(({ system }) => system === 'api');
    return runRemedy(flags, context, parts, remedy, { systems: touchesApi ? ['redis', 'api'] : ['redis'] });
  });
}

/** What the keys of caps begin with. */
function capPrefixOf(runbook: Runbook): string | null {
  const spec = runbook.remedies['raise-cap'];
  return spec === null ? null : prefixOf(capKeys(runbook, spec.signal).cap);
}
