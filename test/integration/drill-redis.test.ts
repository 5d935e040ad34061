import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeServer } from '../../src/drill/commands.ts';
import { startRedisServer } from '../../src/drill/redis-server.ts';
import { Store } from '../../src/drill/store.ts';
import { Traffic } from '../../src/drill/traffic.ts';
import { expand } from '../../src/incidents/expand.ts';
import { redisCommands } from '../../src/incidents/redis.ts';
import { SCRIPT, SHA } from '../../src/remedies/compare-and-set.ts';
import { clock } from '../support/collecting.ts';
import { incidentOf } from '../support/incident.ts';
import { onStop, stopEverything } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

// The drill's Redis against a real one: the same keys, the same commands in the same order, the same replies.

let real: TestRedis;
let toReal: Redis;
beforeAll(async () => {
  real = await startRedis();
  toReal = await connect(real.port);
});
afterAll(stopEverything);

async function connect(port: number): Promise<Redis> {
  const redis = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    protocol: 2,
    replyMapping: 'legacy',
    enableReadyCheck: false,
    disableClientInfo: true,
  });
  onStop(async () => redis.disconnect());
  await redis.connect();
  return redis;
}

const BEGINNING = `keys:
  - { key: "acp:{a,b}", value: ["7", ""], ttl: [100s, 200s] }
  - { key: "acp:c", value: "long lived" }
  - { key: "odd*?\\\\[x", value: 3 }
  - { hex: "6163703aff00", value: 9, ttl: 400s }
  - { key: "acp:hash", hash: { tokens: "3" }, ttl: 500s }
`;
const KEYS = ['acp:a', 'acp:b', 'acp:c', 'acp:none', 'acp:hash', 'acp:stream', 'odd*?\\[x', 'acp:\xff\x00'];

type Word = string | number;
/** `{ttl}` is a time of the servers' clock, in milliseconds from the beginning on. */
interface Ttl {
  readonly ttl: number;
}
type Command = readonly (Word | Ttl)[];

const key = fc.constantFrom(...KEYS);
const keys = fc.array(key, { minLength: 1, maxLength: 4 });
const value = fc.constantFrom('7', '', 'long lived', 'credential_stuffing', '\xff\x00');
/** The first two are what some keys have, more or less; the others nobody has. */
const expected = fc.oneof(
  fc.constantFrom<readonly (Word | Ttl)[]>(['any', '', -1], ['absent', '', -1]),
  fc
    .tuple(value, fc.constantFrom<Word | Ttl>(-1, { ttl: 100_000 }, { ttl: 200_900 }, { ttl: 150_000 }))
    .map(([held, expiry]) => ['value', held, expiry] as const),
);
const expiry = fc.constantFrom<readonly (Word | Ttl)[]>(
  ['none', 0],
  ['in', 300_000],
  ['in', 0],
  ['at', { ttl: 100_000 }],
  ['at', { ttl: -5_000 }],
);
const script = fc
  .tuple(
    fc.constantFrom(['EVAL', SCRIPT], ['EVALSHA', SHA]),
    keys,
    expected,
    fc.constantFrom('set', 'del'),
    value,
    expiry,
  )
  .map(([call, of, held, action, next, ends]): Command => {
    return [...call, of.length, ...of, ...held, 1_000, action, next, ...ends];
  });
const glob = fc.constantFrom(
  '*',
  'acp:*',
  'acp:?',
  'odd\\*\\?\\\\\\[x',
  'odd*',
  '\\a\\c\\p:*',
  'acp:\xff*',
  'nothing',
  'x\\',
);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: script },
  keys.map((of): Command => ['MGET', ...of]),
  keys.map((of): Command => ['EXISTS', ...of]),
  key.map((of): Command => ['TYPE', of]),
  key.map((of): Command => ['PTTL', of]),
  glob.map((pattern): Command => ['SCAN', 0, 'MATCH', pattern, 'COUNT', 1_000]),
  fc
    .tuple(fc.constantFrom('acp:stream', 'acp:a', 'acp:hash'), value)
    .map(([of, text]): Command => ['XADD', of, 'MAXLEN', '~', 10_000, '*', 'event', text]),
  fc.tuple(key, fc.nat(3)).map(([of, count]): Command => ['XREVRANGE', of, '+', '-', 'COUNT', count]),
  fc.constantFrom<Command>(
    ['PING'],
    ['PING', 'x'],
    ['TIME'],
    ['MGET'],
    ['TYPE'],
    ['PTTL', 'a', 'b'],
    ['TIME', 1],
    ['NOPE', 'a'],
  ),
  fc.constantFrom<Command>(
    ['SCAN', 'x'],
    ['SCAN', 0, 'COUNT', 0],
    ['SCAN', 0, 'COUNT', 'x'],
    ['SCAN', 0, 'MATCH'],
    ['XADD', 'acp:stream', 'MAXLEN', '~', 5, '*', 'a'],
  ),
);

type Reply = Buffer | number | string | null | Reply[];

async function ask(redis: Redis, words: Command, startMs: number): Promise<unknown> {
  const [name = '', ...rest] = words.map((word) =>
    typeof word === 'object' ? String(startMs + word.ttl) : Buffer.from(String(word), 'latin1'),
  );
  const reply = await redis
    .callBuffer(String(name), ...(rest as [string]))
    .catch((error: Error) => comparableError(error.message));
  return typeof reply === 'string' ? reply : comparable(String(words[0]), reply as Reply);
}

/** A reply without what differs between two servers that do the same: the present, ids made of it, an order. */
function comparable(name: string, reply: Reply): unknown {
  const text = (one: Reply): unknown =>
    Buffer.isBuffer(one) ? one.toString('latin1') : Array.isArray(one) ? one.map(text) : one;
  switch (name) {
    case 'TIME':
      return (reply as Buffer[]).map((one) => /^\d+$/.test(String(one)));
    case 'PTTL':
      return reply;
    case 'SCAN':
      return (text((reply as Reply[])[1] ?? []) as string[]).sort();
    case 'XADD':
      return /^\d{13}-\d+$/.test(String(reply));
    case 'XREVRANGE':
      return (reply as Reply[][] | null)?.map(([, fields]) => text(fields ?? [])) ?? null;
    case 'EVAL':
    case 'EVALSHA':
      return (reply as Reply[][]).map(([done = 0, held = null, ends = 0]) => [done, text(held), ends]);
    default:
      return text(reply);
  }
}

/** The two servers are asked one after the other: times that are as far apart as that are the same. */
const sameTimes = (a: unknown, b: unknown): unknown => {
  if (Array.isArray(a) && Array.isArray(b)) return a.map((one, index) => sameTimes(one, b[index]));
  const isTime = typeof a === 'number' && typeof b === 'number' && Math.min(a, b) > 1_000;
  return isTime && Math.abs(a - b) < 5_000 ? b : a;
};

/** How an unknown command is quoted differs from version to version; what a script says has the script's name in it. */
const comparableError = (message: string): string => message.replace(/(?<=^ERR unknown command).*/, '');

test('the same commands are answered alike', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 25 }), async (commands) => {
      const startMs = Date.now();
      const situation = expand(incidentOf(BEGINNING), { nowMs: startMs, clock });
      await toReal.flushall();
      await toReal.script('FLUSH');
      for (const [name, ...words] of redisCommands(situation)) await toReal.call(String(name), ...words);
      // To the millisecond, however long that took.
      for (const { name, ttlSeconds } of situation.keys) {
        if (ttlSeconds !== null) await toReal.pexpireat(name, startMs + ttlSeconds * 1_000);
      }
      const store = new Store();
      new Traffic(situation, store, startMs);
      const answer = makeServer(store);
      const server = await startRedisServer((words) => answer(words, Date.now()));
      const toDrill = await connect(server.port);
      try {
        for (const words of commands) {
          const [drill, redis] = [await ask(toDrill, words, startMs), await ask(toReal, words, startMs)];
          const asked = JSON.stringify(words).replace(JSON.stringify(SCRIPT), 'SCRIPT');
          expect(sameTimes(drill, redis), asked).toEqual(redis);
        }
      } finally {
        toDrill.disconnect();
        server.close();
      }
    }),
    { numRuns: 200 },
  );
});

test('what does not speak the protocol is told so, and hung up on', async () => {
  const server = await startRedisServer(() => 'OK');
  const answer = await fetch(`http://127.0.0.1:${server.port}/`).catch((error: Error) => error);
  expect(answer).toBeInstanceOf(Error);
  // Others are served all the same.
  const other = await connect(server.port);
  expect(await other.call('PING')).toBe('OK');
  server.close();
});
