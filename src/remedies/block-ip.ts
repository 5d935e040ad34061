import type { BlockSpec } from '../runbooks/remedies-schema.ts';
import type { Clock } from '../signals/asked.ts';
import type { Held, Keyspace, Look } from '../signals/redis/keyspace.ts';
import { formatDuration } from '../values/duration.ts';
import { wholeNumber } from '../values/parse.ts';
import { expand, nameTargets, type Target } from '../values/targets.ts';
import { keyFor } from '../values/template.ts';
import {
  type BlockGuard,
  guardBlock,
  guardWidth,
  namesOfPeer,
  notChecked,
  type Surroundings,
} from './guards.ts';
import { foreignKey, NO_PLAN, plannedKey, unchangedKey } from './states.ts';
import type { Planned, Refusal, Remedy } from './types.ts';
import { type Counter, CounterWatch } from './watch.ts';

export interface BlockOrder {
  readonly targets: readonly Target[];
  readonly ttlSeconds: number;
  /** The longest that a block may last, seconds. */
  readonly maxTtlSeconds: number;
  /** The most addresses at once. */
  readonly max: number;
  readonly forced: ReadonlySet<BlockGuard>;
}

interface World {
  readonly keyspace: Keyspace;
  readonly clock: Clock;
  /** What is known of the addresses beside what Redis says. */
  readonly around: () => Promise<Omit<Surroundings, 'peers'>>;
}

/**
 * Puts addresses on the deny list, a key each. A block that lasts at least as long is left alone, a shorter one is
 * extended and keeps its reason unless a new one is given; none is ever shortened.
 */
export function blockIp(spec: BlockSpec, order: BlockOrder, world: World): Remedy {
  const subject = nameTargets(order.targets);
  return {
    name: 'block-ip',
    mayKeepReason: true,
    undoes: null,
    plan: async (reason) => {
      const width = [...guardWidth(order.targets, order.max), ...guardTtl(order)];
      if (width.length > 0) return { ...NO_PLAN, subject, refusals: width };
      const addresses = [...new Set(order.targets.flatMap((target) => [...expand(target)]))];
      const keys = addresses.map((address) => keysOf(spec, address));
      const [look, around] = await Promise.all([world.keyspace.look(keys.flat()), world.around()]);
      let start = 0;
      const seen = addresses.map((address, index) => {
        const from = start;
        start += keys[index]?.length ?? 0;
        return part(spec, look, address, from, start);
      });
      const peers = new Set(seen.filter(({ isPeer }) => isPeer).map(({ address }) => address));
      const surroundings = { ...around, peers };
      const planned = seen.map(({ address, block, isForeign }) =>
        isForeign
          ? foreignKey(keyFor(spec.key, address))
          : planOne(keyFor(spec.key, address), block, reason, look.nowMs, order.ttlSeconds, world.clock),
      );
      const writes = planned.filter(({ write }) => write !== null);
      const kept = writes.map(({ change }) => (change.before === null ? null : change.after?.value));
      return {
        ...NO_PLAN,
        subject,
        planned,
        refusals: guardBlock(order.targets, addresses, surroundings, order.forced),
        warnings: [...notChecked(addresses, surroundings), ...claimedBy(seen)],
        systemMs: look.nowMs,
        keptReason: typeof kept[0] === 'string' && !kept.includes(null) ? kept[0] : null,
        watch: new CounterWatch(
          seen.flatMap(({ address, counters }) =>
            counters.map(({ key, stopsAt, held }): Counter => {
              return { target: keyFor(spec.key, address), key, stopsAt, first: numberOf(held) };
            }),
          ),
          {
            ...{ keyspace: world.keyspace, firstMs: look.nowMs, whenIgnored: spec['when-ignored'] },
            ttlSeconds: order.ttlSeconds,
          },
        ),
      };
    },
  };
}

/** All keys that are looked at for one address: its block, its counters, and itself as a direct peer. */
const keysOf = (spec: BlockSpec, address: string): string[] => [
  ...[spec.key, ...spec.counters.map(({ key }) => key)].map((template) => keyFor(template, address)),
  ...spec.peers.flatMap((template) => namesOfPeer(address).map((name) => keyFor(template, name))),
];

/** What the look says of one address. */
function part(spec: BlockSpec, look: Look, address: string, from: number, to: number) {
  const own = look.held.slice(from, to);
  const places = Array.from({ length: to - from }, (_, place) => from + place);
  return {
    address,
    block: own[0] ?? null,
    isForeign: look.foreign.has(from),
    counters: spec.counters.map(({ key, 'stops-at': stopsAt, 'named-by': namedBy }, at) => ({
      key: keyFor(key, address),
      isClaimed: namedBy === 'client',
      stopsAt,
      held: own[1 + at] ?? null,
    })),
    isPeer: places
      .slice(1 + spec.counters.length)
      .some((at) => look.held[at] != null || look.foreign.has(at)),
  };
}

/** Addresses that only the clients themselves have named: whoever sends a request can write a customer's address there. */
function claimedBy(seen: readonly ReturnType<typeof part>[]): string[] {
  const claimed = seen.filter(({ counters }) => {
    const counted = counters.filter(({ held }) => held !== null);
    return counted.length > 0 && counted.every(({ isClaimed }) => isClaimed);
  });
  const [first] = claimed;
  if (first === undefined) return [];
  const who = claimed.length === 1 ? first.address : `${claimed.length} of the addresses`;
  const is = claimed.length === 1 ? 'is' : 'are';
  return [
    `client-claimed-address: ${who} ${is} counted only under what clients claim to be, which may be somebody else's address`,
  ];
}

const numberOf = (held: Held | null): number | null =>
  typeof held?.value === 'string' ? wholeNumber(held.value) : null;

function planOne(
  key: string,
  block: Held | null,
  reason: string | null,
  nowMs: number,
  ttlSeconds: number,
  clock: Clock,
): Planned {
  const lasts = block === null ? 0 : block.expiresAtMs === null ? Infinity : block.expiresAtMs - nowMs;
  if (lasts >= ttlSeconds * 1_000 - slackMs(ttlSeconds)) return unchangedKey(key, block, nowMs, clock);
  const value = reason ?? block?.value ?? '';
  const set = { value, expiry: { inMs: ttlSeconds * 1_000 } };
  return plannedKey({ system: 'redis', key, expect: block, set }, block, nowMs, clock);
}

/** Longer by a hundredth of it, or by a minute, is no extension: the same command again changes nothing. */
const slackMs = (ttlSeconds: number): number => Math.min(60_000, ttlSeconds * 10);

function guardTtl({ ttlSeconds, maxTtlSeconds }: BlockOrder): Refusal[] {
  if (ttlSeconds <= maxTtlSeconds) return [];
  const message = `--ttl ${formatDuration(ttlSeconds)} is more than ${formatDuration(maxTtlSeconds)}, the longest that this configuration allows (max-block-ttl)`;
  return [{ guard: 'ttl', message, override: null }];
}
