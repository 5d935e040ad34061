import type { Config } from '../config/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { signalsIn } from './reach.ts';
import { type Check, checkOf } from './types.ts';

/** What this run was told, what of the runbook it overrides, and what could still be told. */
export function configurationChecks(
  { file, context, runbook: named, thresholds, queries }: Config,
  runbook: Runbook,
): Check[] {
  const base = { check: 'configuration' } as const;
  const overridden = Object.entries(thresholds).map(([name, value]) => `${name} ${value}`);
  const unasked = Object.entries(runbook.signals).flatMap(([signal, { sources, title }]) =>
    sources.flatMap((source): Check[] => {
      if (source.kind !== 'prometheus-query' || Object.hasOwn(queries, source.setting)) return [];
      const labels = [source.by, ...(source.mix === null ? [] : [source.mix])];
      const args = {
        setting: source.setting,
        about: source.about,
        title,
        labels,
        helps: helpedBy(signal, runbook),
      };
      return [checkOf({ ...base, code: 'query-unasked', level: 'note', status: 'absent', signal, args })];
    }),
  );
  return [
    checkOf({
      ...base,
      code: 'configured',
      level: 'fine',
      args: { file, context, runbook: named, name: runbook.name },
    }),
    ...(overridden.length > 0
      ? [checkOf({ ...base, code: 'thresholds-overridden', level: 'note', args: { overridden } })]
      : []),
    ...unasked,
  ];
}

/** Codes of the caveats that a signal would tell, and categories that it takes part in. */
function helpedBy(signal: string, { categories }: Runbook): string[] {
  const isOn = (node: unknown) => signalsIn(node).includes(signal);
  return [
    ...new Set(
      categories.flatMap(({ id, when, caveats }) => [
        ...(isOn(when) ? [id] : []),
        ...caveats.flatMap((caveat) => (isOn(caveat.when) ? [caveat.code] : [])),
      ]),
    ),
  ];
}
