import type { Context } from '../context.ts';
import { EXIT, type ExitCode, RatelimitError } from '../errors.ts';
import type { Entry } from '../journal/types.ts';
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
    if (entry.note !== undefined) throw nothingToUndo(entry);
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

/** Of a note. */
const nothingToUndo = ({ id }: Entry): RatelimitError =>
  new RatelimitError(
    'nothing-to-undo',
    `${id} is a note: it changed no system, so there is nothing to undo`,
    {
      exitCode: EXIT.nothing,
      hint: 'A note stays as it is; another one can put it right: ratelimit journal note',
    },
  );

/** What the keys of caps begin with. */
function capPrefixOf(runbook: Runbook): string | null {
  const spec = runbook.remedies['raise-cap'];
  return spec === null ? null : prefixOf(capKeys(runbook, spec.signal).cap);
}
