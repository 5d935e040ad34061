import type { Context } from '../context.ts';
import { EXIT, type ExitCode, RatelimitError } from '../errors.ts';
import type { Entry } from '../journal/types.ts';
import { prefixOf } from '../remedies/keys.ts';
import { undo } from '../remedies/undo.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { quote } from '../values/text.ts';
import { type History, readHistory } from './history.ts';
import { capKeys, open, systemsOf } from './parts.ts';
import { runRemedy, type WriteFlags } from './remedy.ts';

/** `ratelimit undo`: restores what a remedy changed, if its change still stands. */
export async function undoCommand(id: string, flags: WriteFlags, context: Context): Promise<ExitCode> {
  const parts = await open(flags, context);
  const { config, runbook, keyspace, api } = parts;
  const entry = await readHistory(context, parts)
    .then((history) => findEntry(id, history))
    .catch((error) => {
      parts.close();
      throw error;
    });
  const remedy = undo(entry, {
    ...{ keyspace, api, clock: context.clock, killSwitch: runbook.remedies['kill-switch'] },
    target: config.api,
    capPrefix: capPrefixOf(runbook),
    systems: systemsOf(config),
  });
  const touchesApi = entry.changes.some(({ system }) => system === 'api');
  return runRemedy(flags, context, parts, remedy, { systems: touchesApi ? ['redis', 'api'] : ['redis'] });
}

/** What the keys of caps begin with. */
function capPrefixOf(runbook: Runbook): string | null {
  const spec = runbook.remedies['raise-cap'];
  return spec === null ? null : prefixOf(capKeys(runbook, spec.signal).cap);
}

/** An entry by its id. @throws RatelimitError exit 7 */
export function findEntry(id: string, { entries, warnings }: History): Entry {
  const found = entries.filter((entry) => entry.id === id.toUpperCase());
  const [entry] = found;
  if (entry !== undefined) return entry;
  const hint = warnings.length > 0 ? warnings.join('\n') : 'ratelimit journal lists what there is.';
  throw new RatelimitError('not-found', `the journal has no entry ${quote(id)}`, {
    exitCode: EXIT.nothing,
    hint,
  });
}
