import type { TestRedis } from '../test/support/redis.ts';

/** The key families of counters that a keyspace of the benchmark holds, in turn. */
const FAMILIES = [
  'acp:auth_fail:',
  'acp:ratelimit:auth_fail:',
  'acp:auth_failures:',
  'acp:pwfail:',
  'acp:ip_block:',
  'acp:ratelimit:execute_sw:tenant:',
] as const;

/** A keyspace: how many keys, and how many of each hundred are counters of one of the families. */
export interface Keyspace {
  readonly keys: number;
  readonly percent: number;
}

const addressOf = (index: number): string => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
const failuresOf = (index: number): number => (index % 7) + 1;
const isCounter = (index: number, { percent }: Keyspace): boolean => index % 100 < percent;
/** Which family a counter is of: it is the so manieth one. */
const familyOf = (index: number, { percent }: Keyspace): number =>
  (Math.floor(index / 100) * percent + (index % 100)) % FAMILIES.length;

function* commandsFor(space: Keyspace): Generator<string[]> {
  for (let index = 0; index < space.keys; index++) {
    if (isCounter(index, space)) {
      const name = `${FAMILIES[familyOf(index, space)]}${addressOf(index)}`;
      yield ['SET', name, String(failuresOf(index)), 'EX', '36000'];
    } else yield ['SET', `session:${index}:0123456789abcdef`, 'x'];
  }
}

/** Fills an empty server, or the masters of a cluster. */
export const fill = (redis: Pick<TestRedis, 'load'>, space: Keyspace): Promise<void> =>
  redis.load(commandsFor(space));

/** What a triage of it must count: failures by address, in the two families that are joined, and blocks. */
export function truthOf(space: Keyspace): { total: number; distinct: number; blocks: number } {
  const truth = { total: 0, distinct: 0, blocks: 0 };
  for (let index = 0; index < space.keys; index++) {
    if (!isCounter(index, space)) continue;
    const family = familyOf(index, space);
    // No address is in both.
    if (family < 2) {
      truth.total += failuresOf(index);
      truth.distinct += 1;
    } else if (FAMILIES[family] === 'acp:ip_block:') truth.blocks += 1;
  }
  return truth;
}

/** A runbook that reads one of the families and nothing else, to hold a whole pass against. */
export const ONE_FAMILY = `
schema: ratelimit/runbook/v1
name: one-family
title: One family
severity: P3
namespace: "acp:"
thresholds:
  many: { value: 1000000000, unit: failures, because: It is never reached. }
signals:
  failures:
    title: failures by IP
    entity: { kind: ip, one: IP, many: IPs }
    unit: failures
    sources: [{ kind: redis-counter, key: "acp:auth_fail:{ip}", window: 5m }]
quiet-needs: [[failures]]
categories:
  - id: too-many
    rank: 10
    title: Too many
    pattern: many failures
    cause: nobody knows
    about: failures
    headline: [{ say: "{total} failures" }]
    when: { volume: { signal: failures, of: all, at-least: many } }
    respond: [{ id: look, text: Look into it. }]
`;
