import { z } from 'zod';
import { nearest } from '../values/nearest.ts';
import { identifier, mapping, text } from './fields.ts';
import type { Runbook } from './schema.ts';
import { namesOf } from './sources.ts';

/**
 * One of the ways in which a system is known to keep its facts: what its code writes and what its runbook says may have
 * drifted apart. A source that is in no contract belongs to all of them.
 */
export const contractSchema = mapping({
  id: identifier,
  title: text(80),
  /** Key templates and metrics of the signals' sources, as they stand there. */
  speaks: z.array(text(200)).min(1),
});

/** Reports every name of a contract that no source has. */
export function checkContracts(
  { contracts, signals }: Runbook,
  report: (path: readonly (string | number)[], message: string) => void,
): void {
  const names = Object.values(signals).flatMap(({ sources }) => sources.flatMap(namesOf));
  contracts.forEach(({ id, speaks }, index) => {
    if (contracts.findIndex((other) => other.id === id) !== index) {
      report(['contracts', index, 'id'], `there are two contracts "${id}"`);
    }
    for (const [at, name] of speaks.entries()) {
      if (names.includes(name)) continue;
      report(['contracts', index, 'speaks', at], `no source has "${name}"${nearest(name, names)}`);
    }
  });
}
