import type { Topology } from '../config/types.ts';
import type { Evidence } from '../evidence/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import type { RedisFacts, RedisInfo, ServersSeen } from './facts.ts';
import type { Source } from './reach.ts';
import { type Check, checkOf, unknownCheck } from './types.ts';

interface World {
  readonly runbook: Runbook;
  readonly evidence: Evidence;
  readonly sources: readonly Source[];
  readonly db: number;
  readonly topology: Topology['kind'];
  readonly timeoutSeconds: number;
}

/** Of the deadline, what one pass may take before it should be raised. */
const SLOW_SHARE = 0.5;
/** Of the memory that is allowed. */
const FULL_SHARE = 0.95;

/** How the Redis stands that triage reads and that remedies write to. */
export function redisChecks({ servers, info, survey }: RedisFacts, world: World): Check[] {
  const { runbook, db } = world;
  const redis = { check: 'redis', source: 'Redis' } as const;
  const checks: Check[] = info.known
    ? [
        versionCheck(info.value, db),
        ...roleChecks(info.value, world.topology),
        ...evictionChecks(info.value, runbook),
      ]
    : [
        unknownCheck('redis', 'redis-unknown', info, redis),
        unknownCheck('redis', 'eviction-unknown', info, redis),
      ];
  if (servers.known && world.topology !== 'server') checks.unshift(...serverChecks(servers.value, world));
  checks.push(...passChecks(world, info.known ? (info.value.keys?.[db] ?? null) : null));
  if (survey.known && survey.value.keys === 0 && survey.value.isComplete) {
    const { elsewhere } = survey.value;
    const others = info.known
      ? Object.entries(info.value.keys ?? {}).filter(([one]) => Number(one) !== db)
      : [];
    const args = {
      namespace: `${runbook.namespace ?? ''}*`,
      db,
      starts: elsewhere.map((start) => (typeof start === 'string' ? start : `0x${start.hex}`)),
      databases: others.map(([one, keys]) => `${one} ${keys}`),
    };
    const isOther = elsewhere.length === 0 && others.length > 0;
    const code = isOther ? 'other-database' : 'namespace-empty';
    checks.push(checkOf({ ...redis, code, level: 'warning', args }));
  }
  return checks;
}

/** Whether all the servers that hold the keyspace answer. */
function serverChecks({ names, lost }: ServersSeen, { topology }: World): Check[] {
  const base = { check: 'redis', source: 'Redis' } as const;
  return [
    checkOf({ ...base, code: 'servers-found', level: 'fine', args: { topology, names } }),
    ...lost.map(({ name, share, cause, reason }) =>
      checkOf({ ...base, code: 'server-lost', level: 'problem', cause, reason, args: { name, share } }),
    ),
  ];
}

const versionCheck = ({ version, totalBytes: usedBytes, keys }: RedisInfo, db: number): Check =>
  checkOf({
    ...{ check: 'redis', code: 'redis-version', level: 'fine', source: 'Redis' },
    args: { version, usedBytes, keys: keys === null ? null : (keys[db] ?? 0) },
  });

function roleChecks({ role, linkUp }: RedisInfo, topology: World['topology']): Check[] {
  const base = { check: 'redis', source: 'Redis', args: { role } } as const;
  if (role === null) return [];
  // That masters are primaries goes without saying.
  if (role === 'master' && topology === 'cluster') return [];
  if (role === 'master') return [checkOf({ ...base, code: 'role-primary', level: 'fine' })];
  const replica = checkOf({ ...base, code: 'role-replica', level: 'warning' });
  if (linkUp !== false) return [replica];
  return [replica, checkOf({ ...base, code: 'replica-cut', level: 'problem' })];
}

/** What the server throws away by itself when its memory is full. */
function evictionChecks(info: RedisInfo, { remedies }: Runbook): Check[] {
  const { of, policy, maxmemoryBytes, usedBytes, evicted } = info;
  if (policy === null || maxmemoryBytes === null) return [];
  const writes = remedies['block-ip'] !== null || remedies['raise-cap'] !== null;
  const args = { of, policy, maxmemoryBytes, usedBytes, evicted, used: (usedBytes ?? 0) / maxmemoryBytes };
  const base = { check: 'redis', source: 'Redis', args } as const;
  if (policy === 'noeviction') {
    const isFull = maxmemoryBytes > 0 && args.used >= FULL_SHARE;
    return [checkOf({ ...base, ...(isFull ? FULL : NO_EVICTION) })];
  }
  // Without a limit there is no reason to evict anything.
  if (maxmemoryBytes === 0) return [checkOf({ ...base, ...NO_EVICTION, args: { ...args, used: null } })];
  return [checkOf({ ...base, code: 'evictable', level: writes || (evicted ?? 0) > 0 ? 'warning' : 'note' })];
}

const FULL = { code: 'memory-full', level: 'problem' } as const;
const NO_EVICTION = { code: 'evicts-nothing', level: 'fine' } as const;

/** How long triage's own pass over the keys took. */
function passChecks({ sources, timeoutSeconds }: World, keys: number | null): Check[] {
  const own = sources.filter(
    ({ spec, report }) => spec.kind.startsWith('redis-') && report.status !== 'unknown',
  );
  if (own.length === 0) return [];
  const latencyMs = Math.max(...own.map(({ report }) => report.latencyMs));
  const isSlow = latencyMs > timeoutSeconds * 1_000 * SLOW_SHARE;
  return [
    checkOf({
      ...{ check: 'redis', source: 'Redis', latencyMs, args: { keys, latencyMs, timeoutSeconds } },
      ...(isSlow
        ? ({ code: 'pass-slow', level: 'warning' } as const)
        : ({ code: 'pass-quick', level: 'fine' } as const)),
    }),
  ];
}
