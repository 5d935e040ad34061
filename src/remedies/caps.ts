import { Big } from 'big.js';
import type { Limit, Row } from '../evidence/types.ts';
import type { Entry, Stored } from '../journal/types.ts';
import type { Clock } from '../signals/asked.ts';
import type { Held, Keyspace } from '../signals/redis/keyspace.ts';
import type { Period } from '../values/template.ts';
import { keyFor } from '../values/template.ts';
import { authorOf, changesByTarget } from './blocks.ts';
import { type CapKeys, capSource, lookAtCap, usableCap } from './cap.ts';

/** A cap and what was spent against it. */
export interface Cap {
  readonly agent: Stored;
  /** USD; null: no cap that can be used. */
  readonly capUsd: number | null;
  readonly spendUsd: number | null;
  /** Spend over cap; null without a cap. */
  readonly ratio: number | null;
  /** What the spend covers. */
  readonly period: Period;
  /** The key families that it was read from. */
  readonly source: string;
  /** `none`: no cap. `invalid`: what is stored means no cap. `expires`: it has a TTL, and ends with it. */
  readonly problem: Limit['problem'] | 'expires';
  /** Who last changed it, as far as the journal knows. */
  readonly operator: string | null;
  readonly changedAt: string | null;
  readonly journalId: string | null;
}

interface World {
  readonly keyspace: Keyspace;
  readonly clock: Clock;
  readonly entries: readonly Entry[];
}

/** One agent's; null when there is neither a cap nor a spend. The id was checked before. */
export async function capOf(agent: string, keys: CapKeys, world: World): Promise<Cap | null> {
  const { capKey, stored, spent, isForeign } = await lookAtCap(agent, keys, world);
  if (stored === null && !spent.isThere && !isForeign) return null;
  const cap = usableCap(stored);
  // No key is nothing spent; one that cannot be read is not known.
  const spend = spent.isThere ? spent.usd : new Big(0);
  return {
    agent,
    capUsd: cap?.toNumber() ?? null,
    spendUsd: spend?.toNumber() ?? null,
    ratio: cap === null || spend === null ? null : spend.div(cap).toNumber(),
    ...{ period: spent.period, source: capSource(keys, spent.template) },
    problem:
      cap === null
        ? stored === null && !isForeign
          ? 'none'
          : 'invalid'
        : stored?.expiresAtMs == null
          ? null
          : 'expires',
    ...changedBy(capKey, stored, changesByTarget(world.entries)),
  };
}

/** Those of a signal's rows, the ones closest to their cap first. */
export async function capsOf(rows: readonly Row[], keys: CapKeys, world: World): Promise<Cap[]> {
  const capKeys = rows.map(({ id }) => keyFor(keys.cap, typeof id === 'string' ? id : ''));
  const { held } = rows.length > 0 ? await world.keyspace.look(capKeys) : { held: [] };
  const by = changesByTarget(world.entries);
  return rows.map(({ id, value, limit, period, sources }, index): Cap => {
    const expires = held[index]?.expiresAtMs != null && limit?.problem === null;
    return {
      agent: id,
      capUsd: limit?.value ?? null,
      spendUsd: value,
      ratio: limit?.ratio ?? null,
      period: period ?? 'day',
      source: capSource(keys, sources[0] ?? keys.spends[0]?.template ?? ''),
      problem: expires ? 'expires' : (limit?.problem ?? null),
      ...changedBy(capKeys[index] ?? '', held[index] ?? null, by),
    };
  });
}

/** Who made it what it is; nobody when it is something else by now. */
function changedBy(
  key: string,
  now: Held | null,
  by: ReturnType<typeof changesByTarget>,
): Pick<Cap, 'operator' | 'changedAt' | 'journalId'> {
  const entry = authorOf(key, now?.value ?? null, by);
  if (entry === null) return { operator: null, changedAt: null, journalId: null };
  return { operator: entry.operator, changedAt: entry.at, journalId: entry.id };
}
