import type { Redis } from 'ioredis';
import { type Claim, type Family, typesOf } from './family.ts';
import { globFor } from './keys.ts';
import { SeenKeys } from './seen.ts';

/** Keys that Redis visits per SCAN call: a few hundred microseconds of its time. */
const COUNT = 1_000;

export interface Progress {
  /** Keys that matched so far. */
  keys: number;
  /** True once a key under the namespace was seen. */
  namespaceSeen: boolean;
  /** True when SCAN's repeats may have been counted twice. */
  approximate: boolean;
}

interface Claimed {
  readonly family: Family;
  readonly claim: Claim;
}

/**
 * One pass over the keyspace for all families at once: SCAN with the tightest pattern that covers them, each batch's
 * values by one MGET that travels together with the next SCAN. Never one round trip a key, never KEYS.
 */
export async function pass(
  redis: Redis,
  families: readonly Family[],
  namespace: string,
  progress: Progress,
): Promise<void> {
  const prefixes = families.flatMap((family) => family.prefixes);
  const glob = globFor(namespace === '' ? prefixes : [...prefixes, namespace]);
  const seen = new SeenKeys();
  const candidates = byStart(families);
  let cursor = '0';
  let claimed: Claimed[] = [];
  do {
    const [[next, keys]] = await Promise.all([
      // callBuffer, because the pattern is bytes too.
      redis.callBuffer('SCAN', cursor, 'MATCH', glob, 'COUNT', COUNT) as Promise<[Buffer, Buffer[]]>,
      fetchValues(redis, claimed),
    ]);
    cursor = next.toString();
    claimed = [];
    for (const bytes of keys) {
      const key = bytes.toString('latin1');
      progress.keys += 1;
      progress.namespaceSeen ||= key.startsWith(namespace);
      const claims = candidates(key).flatMap((family) => {
        const claim = family.claim(key, bytes);
        return claim === null ? [] : [{ family, claim }];
      });
      // Only what somebody wants is remembered: the rest of a large keyspace must not use up the memory for it.
      if (claims.length > 0 && seen.isNew(key)) claimed.push(...claims);
    }
    progress.approximate = seen.overflowed;
  } while (cursor !== '0');
  await fetchValues(redis, claimed);
}

const NONE: readonly Family[] = [];

/**
 * Which families may want a key, by its first bytes: as many as the shortest prefix has. Most keys of a large keyspace
 * belong to one family or to none, and asking all of them about each key would be most of the work.
 */
function byStart(families: readonly Family[]): (key: string) => readonly Family[] {
  const length = Math.min(...families.flatMap(({ prefixes }) => prefixes.map((prefix) => prefix.length)));
  const starts = new Map<string, Family[]>();
  for (const family of families) {
    for (const start of new Set(family.prefixes.map((prefix) => prefix.slice(0, length)))) {
      starts.set(start, [...(starts.get(start) ?? []), family]);
    }
  }
  return (key) => starts.get(key.slice(0, length)) ?? NONE;
}

async function fetchValues(redis: Redis, claimed: readonly Claimed[]): Promise<void> {
  if (claimed.length === 0) return;
  const wanted: Buffer[] = [];
  for (const { claim } of claimed) wanted.push(...claim.wanted);
  const values = await redis.mgetBuffer(wanted);
  const missing: Claimed[] = [];
  let at = 0;
  for (const one of claimed) {
    const { claim, family } = one;
    const own = values.slice(at, at + claim.wanted.length);
    at += claim.wanted.length;
    // The key itself was there a moment ago; another one that it brought along may well be absent.
    if (own[claim.self] === null) missing.push(one);
    else family.take(claim, own);
  }
  await tellTypes(redis, missing);
}

/** MGET answers null both for a key that has expired since and for one of another type, which must not go unsaid. */
async function tellTypes(redis: Redis, missing: readonly Claimed[]): Promise<void> {
  const types = await typesOf(
    redis,
    missing.flatMap(({ claim }) => claim.wanted[claim.self] ?? []),
  );
  missing.forEach(({ family, claim }, index) => {
    if (types[index] !== 'none') family.skip(claim);
  });
}
