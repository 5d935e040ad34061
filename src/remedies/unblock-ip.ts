import type { BlockSpec } from '../runbooks/remedies-schema.ts';
import type { Clock } from '../signals/asked.ts';
import type { Keyspace } from '../signals/redis/keyspace.ts';
import { expand, nameTargets, type Target } from '../values/targets.ts';
import { keyFor } from '../values/template.ts';
import { guardWidth } from './guards.ts';
import { foreignKey, NO_PLAN, plannedKey } from './states.ts';
import type { Plan, Remedy } from './types.ts';

export interface UnblockOrder {
  readonly targets: readonly Target[];
  /** The addresses as they were typed: a block that was made by hand may be written so. */
  readonly typed: readonly string[];
  /** Also delete the failure counters, so that the address is not throttled again at once. */
  readonly clearCounter: boolean;
  readonly max: number;
}

/** Takes addresses off the deny list: exactly those that were named. */
export function unblockIp(
  spec: BlockSpec,
  order: UnblockOrder,
  { keyspace, clock }: { readonly keyspace: Keyspace; readonly clock: Clock },
): Remedy {
  const { targets, typed, clearCounter, max } = order;
  const subject = nameTargets(targets);
  return {
    name: 'unblock-ip',
    mayKeepReason: false,
    undoes: null,
    plan: async (): Promise<Plan> => {
      const refusals = guardWidth(targets, max);
      if (refusals.length > 0) return { ...NO_PLAN, subject, refusals };
      const addresses = [...new Set([...targets.flatMap((target) => [...expand(target)]), ...typed])];
      const blocks = addresses.map((address) => keyFor(spec.key, address));
      const counters = clearCounter
        ? spec.counters.flatMap(({ key }) => addresses.map((address) => keyFor(key, address)))
        : [];
      const { nowMs, held, foreign } = await keyspace.look([...blocks, ...counters]);
      const planned = [...blocks, ...counters].flatMap((key, index) => {
        const now = held[index] ?? null;
        if (foreign.has(index)) return [foreignKey(key)];
        if (now === null) return [];
        const remove = { system: 'redis', key, set: null } as const;
        if (index < blocks.length) return [plannedKey({ ...remove, expect: now }, now, nowMs, clock)];
        // A counter runs on while we look at it.
        const { change, write } = plannedKey({ ...remove, expect: 'anything' }, now, nowMs, clock);
        return [{ change: { ...change, momentary: true }, write }];
      });
      const what = clearCounter ? 'neither blocked nor counted' : 'not blocked';
      const nothing = planned.length === 0 ? `${subject}: ${what}, there is nothing to do` : null;
      return { ...NO_PLAN, subject, planned, nothing, systemMs: nowMs };
    },
  };
}
