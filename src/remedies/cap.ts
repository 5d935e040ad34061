import type { Big } from 'big.js';
import type { Clock } from '../signals/asked.ts';
import type { Held, Keyspace } from '../signals/redis/keyspace.ts';
import { readStoredCents, readStoredUsd } from '../values/money.ts';
import { keyFor, keyPattern, type Period, periodOf, withDate } from '../values/template.ts';

/** Where a cap is kept, and what is spent against it. */
export interface CapKeys {
  readonly cap: string;
  /** At least one. Where several are in use, the largest amount is the one that the cap refuses. */
  readonly spends: readonly SpendKey[];
}

interface SpendKey {
  readonly template: string;
  readonly unit: 'USD' | 'cents';
}

/** What was spent, as far as it can be read. */
export interface Spent {
  /** USD; null: nothing that can be read. */
  readonly usd: Big | null;
  readonly period: Period;
  /** Where it was read, or where it would be. */
  readonly template: string;
  /** False when there is no such key. */
  readonly isThere: boolean;
}

/** An agent's cap and its spend, by the server's own date. */
export interface CapLook {
  readonly nowMs: number;
  readonly capKey: string;
  readonly stored: Held | null;
  /** True when the cap's key holds something other than a text. */
  readonly isForeign: boolean;
  readonly spent: Spent;
  /** Looks at cap and spend once more; Ctrl-C does not end it. */
  again(): Promise<Omit<CapLook, 'again'>>;
}

/** Looks at an agent's cap and what it has spent. The id was checked before. */
export async function lookAtCap(
  agent: string,
  keys: CapKeys,
  { keyspace, clock }: { readonly keyspace: Keyspace; readonly clock: Clock },
): Promise<CapLook> {
  const { nowMs: todayMs } = await keyspace.look([]);
  const today = clock.iso(todayMs);
  const capKey = keyFor(keys.cap, agent);
  const names = [capKey, ...keys.spends.map(({ template }) => keyFor(withDate(template, today), agent))];
  const read = ({ nowMs, held, foreign }: Awaited<ReturnType<Keyspace['look']>>) => ({
    ...{ nowMs, capKey, stored: held[0] ?? null, isForeign: foreign.has(0) },
    spent: mostOf(
      keys.spends.map(({ template, unit }, index): Spent => {
        const one = held[index + 1] ?? null;
        const isThere = one !== null || foreign.has(index + 1);
        return { usd: amountOf(one, unit), period: periodOf(template) ?? 'day', template, isThere };
      }),
    ),
  });
  return { ...read(await keyspace.look(names)), again: async () => read(await keyspace.lookAnyway(names)) };
}

/** The largest that can be read; else one that is there and cannot be. */
function mostOf(all: readonly Spent[]): Spent {
  const [first, ...others] = all as [Spent, ...Spent[]];
  return others.reduce((most, one) => {
    if (one.usd !== null) return most.usd === null || one.usd.gt(most.usd) ? one : most;
    return one.isThere && !most.isThere ? one : most;
  }, first);
}

/** The cap that a key holds; null: none that the gateway would use. */
export function usableCap(held: Held | null): Big | null {
  const cap = amountOf(held, 'USD');
  return cap?.gt('0') ? cap : null;
}

function amountOf(held: Held | null, unit: SpendKey['unit']): Big | null {
  if (typeof held?.value !== 'string') return null;
  return unit === 'cents' ? readStoredCents(held.value) : readStoredUsd(held.value);
}

/** `today` or `this month`. */
export const sincePeriod = (period: Period): string => (period === 'day' ? 'today' : 'this month');

/** The families that a spend and its cap are read from, as people write them. */
export const capSource = (keys: CapKeys, template: string): string =>
  [template, keys.cap].map(keyPattern).join(' / ');
