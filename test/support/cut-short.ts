import { createHash } from 'node:crypto';
import { makeServer } from '../../src/drill/commands.ts';
import { startRedisServer } from '../../src/drill/redis-server.ts';
import { RedisError, type Reply } from '../../src/drill/resp.ts';
import { Store } from '../../src/drill/store.ts';
import { startSystems } from '../../src/drill/systems.ts';
import { Traffic } from '../../src/drill/traffic.ts';
import { collect } from '../../src/evidence/collect.ts';
import { expand } from '../../src/incidents/expand.ts';
import type { Incident } from '../../src/incidents/schema.ts';
import { withThresholds } from '../../src/runbooks/load.ts';
import { adapters } from '../../src/signals/adapters.ts';
import type { Clock } from '../../src/signals/asked.ts';
import { clock, configOf, redisTarget } from './collecting.ts';
import { aegis } from './evidence.ts';
import { judged, type Played } from './played.ts';

/** Parts of a keyspace, each by the cursor that SCAN returns after it: its bits are worth a half, a quarter, ... */
export const PARTS: Readonly<Record<string, number>> = { '2': 0.25, '1': 0.5, '3': 0.75, '15': 0.9375 };

/**
 * Plays the first moment of an incident whose Redis fails when a part of the keyspace was scanned: which keys that part
 * holds depends on their names and the seed, as it does in a hash table.
 */
export async function playPart(incident: Incident, cursor: string, seed: number): Promise<Played> {
  const nowMs = Date.now();
  const still: Clock = { ...clock, now: () => nowMs };
  const systems = await startSystems(incident, aegis.remedies, still);
  const store = new Store();
  new Traffic(expand(incident, { nowMs, clock: still }), store, nowMs);
  const whole = makeServer(store);
  const share = PARTS[cursor] ?? 1;
  const isIn = (key: unknown) => place(String(key), seed) < share;
  const part = await startRedisServer((words): Reply => {
    if (String(words[0]).toUpperCase() !== 'SCAN') return whole(words, nowMs);
    if (String(words[1]) !== '0') return new RedisError('ERR the server fails');
    const [, keys] = whole(words, nowMs) as [Buffer, Buffer[]];
    return [Buffer.from(cursor), keys.filter((key) => isIn(key.toString('latin1')))];
  });
  try {
    const config = await configOf({ redis: redisTarget(part.port) });
    const runbook = withThresholds(aegis, incident.thresholds);
    const request = { config, runbook, windowSeconds: 300, clock: still };
    const reading = { redis: adapters.redis, prometheus: systems.readPrometheus };
    const evidence = await collect(reading, request, new AbortController().signal);
    return judged(evidence, runbook);
  } finally {
    systems.close();
    part.close();
  }
}

/** Where a key stands in the order of the hash table, 0 to 1. */
const place = (key: string, seed: number): number =>
  createHash('sha1').update(`${seed} ${key}`).digest().readUInt32BE(0) / 2 ** 32;
