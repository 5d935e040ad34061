import type { HttpTarget } from '../config/types.ts';
import type { Change, Entry } from '../journal/types.ts';
import type { KillSwitchSpec } from '../runbooks/remedies-schema.ts';
import type { Api } from '../signals/api.ts';
import type { Clock } from '../signals/asked.ts';
import type { Held, Keyspace } from '../signals/redis/keyspace.ts';
import { idIn, prefixOf } from '../values/template.ts';
import { shellWord } from '../values/text.ts';
import { usableCap } from './cap.ts';
import { type RedisWrite, TOLERANCE_MS } from './compare-and-set.ts';
import { killSwitch } from './kill-switch.ts';
import { heldOf, isSame, NO_PLAN, plannedKey, stateOf, unchangedKey } from './states.ts';
import type { Plan, Planned, Refusal, Remedy } from './types.ts';

interface World {
  readonly keyspace: Keyspace;
  readonly api: () => Promise<Api>;
  readonly clock: Clock;
  /** What this run is aimed at, without secrets. */
  readonly systems: { readonly redis: string | null; readonly api: string | null };
  readonly killSwitch: KillSwitchSpec | null;
  /** What a cap's key begins with: only a usable cap without an end may be restored there. null: there are no caps. */
  readonly capPrefix: string | null;
  readonly target: HttpTarget | null;
}

/**
 * Takes a remedy back: what was there before is restored, with what is left of its time to live, but only where the
 * remedy's own change still stands.
 */
export function undo(entry: Entry, world: World): Remedy {
  const as = { name: 'undo', undoes: entry.id } as const;
  const stop = cannotUndo(entry, world);
  if (stop !== null) {
    return { ...as, mayKeepReason: false, plan: async () => ({ ...NO_PLAN, subject: entry.id, ...stop }) };
  }
  const [first] = entry.changes;
  const tenant = world.killSwitch === null ? null : tenantOf(first, world.killSwitch);
  if (world.killSwitch !== null && world.target !== null && tenant !== null) {
    const wanted = first?.before?.value === 'engaged' ? 'engaged' : 'released';
    return killSwitch(world.killSwitch, { tenant, wanted }, { ...world, target: world.target }, as);
  }
  return { ...as, mayKeepReason: false, plan: () => planKeys(entry, world) };
}

/** Reasons not even to look. */
function cannotUndo(entry: Entry, { systems }: World): Partial<Plan> | null {
  const what = `${entry.id} (${entry.remedy})`;
  if (entry.undoneBy !== null) return { nothing: `${what} was undone already, by ${entry.undoneBy}` };
  if (entry.status === 'conflict' || entry.status === 'failed') {
    return { nothing: `${what} changed nothing (${entry.status}), there is nothing to undo` };
  }
  const elsewhere = [
    ...different('redis', entry, systems.redis),
    ...(entry.changes.some(({ system }) => system === 'api') ? different('api', entry, systems.api) : []),
  ];
  return elsewhere.length > 0 ? { refusals: elsewhere } : null;
}

function different(system: 'redis' | 'api', entry: Entry, here: string | null): Refusal[] {
  const there = entry.systems[system];
  const isTouched = entry.changes.some((change) => change.system === system);
  if (!isTouched || there === here) return [];
  const how =
    entry.context === null
      ? `--${system}-url ${shellWord(there ?? '')}`
      : `--context ${shellWord(entry.context)}`;
  const message = `${entry.id} was applied to ${there}, and this run is aimed at ${here}: run it again with ${how}`;
  return [{ guard: 'system', message, override: how }];
}

async function planKeys(entry: Entry, { keyspace, clock, capPrefix }: World): Promise<Plan> {
  const isDone = (change: Change) =>
    change.status === 'applied' ||
    change.status === 'unknown' ||
    (!entry.resolved && change.status === 'planned');
  const changes = entry.changes.filter((change) => isDone(change) && change.momentary !== true);
  const keys = changes.filter(({ system }) => system === 'redis');
  const { nowMs, held } = await keyspace.look(keys.map(({ target }) => target));
  const isCap = (key: string) => capPrefix !== null && key.startsWith(capPrefix);
  const planned = keys
    .map((change, index) => planKey(change, held[index] ?? null, nowMs, clock))
    .map((one) => (isCap(one.change.target) ? withoutUnusable(one, nowMs, clock) : one));
  const uncapped = planned.flatMap(({ change: { target }, write }) => {
    if (write?.system !== 'redis' || !isCap(target)) return [];
    if (write.set === null)
      return `${target}: no usable cap was there before, so this leaves the agent without one`;
    const before = keys.find((change) => change.target === target)?.before;
    return before?.expiresAt == null
      ? []
      : `${target}: the cap that was there would have ended; this one does not`;
  });
  const left = changes.filter(({ system }) => system === 'api').map(({ target }) => target);
  const isNothing = planned.every(({ change }) => change.status === 'unchanged');
  return {
    ...NO_PLAN,
    subject: `${entry.id} (${entry.remedy})`,
    planned,
    warnings: [
      ...uncapped,
      ...left.map((target) => `${target}: not undone, what the API held before is not known`),
    ],
    nothing:
      keys.length === 0 && left.length > 0
        ? `${entry.id}: only the API was changed, and what it held before is not known; there is nothing that can be undone from here`
        : isNothing
          ? `${entry.id}: all is as it was before, or has ended by itself; there is nothing to undo`
          : null,
    systemMs: nowMs,
  };
}

/** Would the gateway take it for a cap, and for good? */
function isUsableCap(set: RedisWrite['set']): boolean {
  return set !== null && set.expiry === null && usableCap({ value: set.value, expiresAtMs: null }) !== null;
}

/** No cap is written that the gateway cannot use, nor one that ends: it stays for good, or nothing does. */
function withoutUnusable(one: Planned, nowMs: number, clock: Clock): Planned {
  const { write, change } = one;
  if (write?.system !== 'redis' || write.set === null || isUsableCap(write.set)) return one;
  const endless = { ...write.set, expiry: null };
  const set = isUsableCap(endless) ? endless : null;
  return plannedKey({ ...write, set }, heldOf(change.before, clock), nowMs, clock);
}

function planKey(change: Change, now: Held | null, nowMs: number, clock: Clock): Planned {
  const { target } = change;
  const isOver = (held: Held | null) => held?.expiresAtMs != null && held.expiresAtMs <= nowMs;
  const [before, after] = [heldOf(change.before, clock), heldOf(change.after, clock)];
  const back = isOver(before) ? null : before;
  if (isSame(now, back) || (now === null && isOver(after))) return unchangedKey(target, now, nowMs, clock);
  if (!isOurs(change, now, after)) {
    const found = stateOf(now, nowMs, clock);
    const message = 'somebody changed it since';
    return {
      change: { ...change, before: change.after, after: found, status: 'conflict', message },
      write: null,
    };
  }
  const expiry = back?.expiresAtMs == null ? null : { atMs: back.expiresAtMs };
  const set = back === null ? null : { value: back.value, expiry };
  return plannedKey({ system: 'redis', key: target, expect: now, set }, now, nowMs, clock);
}

/** How long after its intent a write can have been done at the most, milliseconds. */
const LONGEST_WRITE_MS = 60_000;

/** Is what the key holds what the remedy left there? An intent without an outcome tells only roughly until when. */
export function isOurs(change: Change, now: Held | null, after: Held | null): boolean {
  if (change.status === 'applied' || after?.expiresAtMs == null || now?.expiresAtMs == null)
    return isSame(now, after);
  // The plan counted from the moment of its look; the write came up to so much later.
  const late = now.expiresAtMs - after.expiresAtMs;
  return (
    isSame({ ...after, expiresAtMs: now.expiresAtMs }, now) &&
    late >= -TOLERANCE_MS &&
    late <= LONGEST_WRITE_MS
  );
}

/** The tenant whose switch a change is about; null: it is about none. */
function tenantOf(change: Change | undefined, { path }: KillSwitchSpec): string | null {
  if (change?.system !== 'api') return null;
  const at = change.target.lastIndexOf(prefixOf(path));
  return at < 0 ? null : idIn(path, change.target.slice(at));
}
