import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import { readRedis } from '../../src/signals/redis/read.ts';
import { ask, askOne, redisTarget, row } from '../support/collecting.ts';
import { onStop, stopEverything } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { type Command, ReplyReader } from '../support/resp.ts';

afterAll(stopEverything);

const IPS = 50_000;
const failuresOf = (index: number) => 1 + (index % 7);
const address = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

let redis: TestRedis;
let readings: Record<string, Reading>;
let calls: Map<string, number>;

/** How often each command was called, by the server's own count. */
async function commandCalls(): Promise<Map<string, number>> {
  const stats = await redis.cli('INFO', 'commandstats');
  return new Map(
    [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(([, name, n]) => [name ?? '', Number(n)]),
  );
}

function* keyspace(): Generator<Command> {
  for (let index = 0; index < IPS; index++) {
    yield ['SET', `acp:auth_fail:${address(index)}`, String(failuresOf(index)), 'EX', '300'];
  }
  yield ['SET', 'acp:auth_fail:203.0.113.42', '9000', 'EX', '290'];
  for (let index = 0; index < 5_000; index++) yield ['HSET', `acp:quota:rps:t-${index}`, 'tokens', '5'];
  for (let index = 0; index < 5_000; index++) yield ['SET', `session:${index}`, 'x'];
  for (let index = 0; index < 500; index++) yield ['SET', `acp:agent_cost_cap:a-${index}`, '10'];
  for (let index = 0; index < 500; index++) yield ['HSET', `acp:auth_fail:hash-${index}`, 'a', '1'];
}

beforeAll(async () => {
  redis = await startRedis();
  await redis.load(keyspace());
  await redis.cli('CONFIG', 'RESETSTAT');
  const all = ['auth-failures-by-ip', 'agent-spend', 'blocks'];
  readings = await ask(readRedis, all, { redis: redisTarget(redis.port) });
  calls = await commandCalls();
});

describe('fifty thousand counters', () => {
  const reading = () => {
    const found = readings['auth-failures-by-ip'];
    if (found === undefined) throw new Error('not read');
    return found;
  };

  it('give exact totals', () => {
    let total = 9_000;
    for (let index = 0; index < IPS; index++) total += failuresOf(index);
    expect(reading()).toMatchObject({ status: 'measured', total, distinct: IPS + 1, coverage: 1 });
    expect(readings['agent-spend']).toMatchObject({ total: 0, distinct: 500 });
    expect(readings.blocks).toMatchObject({ status: 'empty', live: true });
  });

  it('give an exact spread of the small values, and the loud one', () => {
    const bins = new Map(reading().distribution?.map((bin) => [bin.from, bin.count]));
    for (let value = 1; value <= 7; value++) {
      const expected = Array.from({ length: IPS }, (_, index) => failuresOf(index)).filter(
        (one) => one === value,
      ).length;
      expect(bins.get(value)).toBe(expected);
    }
    expect(row(reading(), '203.0.113.42')).toMatchObject({ value: 9_000 });
    expect(reading().rows[0]?.id).toBe('203.0.113.42');
    expect(reading().rows).toHaveLength(200);
  });

  it('say what was skipped', () => {
    expect(reading().warnings.join()).toMatch(/^500 keys of acp:auth_fail:\* skipped: 500 not a string$/);
  });
});

describe('the way there', () => {
  it('is one pass in batches, far from a round trip a key', () => {
    const keys = IPS + 11_001;
    expect(calls.get('scan')).toBeGreaterThan(0);
    expect(calls.get('scan')).toBeLessThan(keys / 500);
    expect(calls.get('mget')).toBeGreaterThan(0);
    expect(calls.get('mget')).toBeLessThan(keys / 500);
    // Only of the rows that are kept.
    expect(calls.get('pttl')).toBeLessThanOrEqual(3 * 200);
    // Only of what MGET could not read, and of the three spends of those that have none.
    expect(calls.get('type')).toBeLessThanOrEqual(500 + 3 * 200);
  });

  it('is never KEYS, nor GET, nor anything that writes', () => {
    // The harness sends AUTH, CONFIG and INFO.
    const used = [...calls.keys()].filter((name) => !/^(auth|config\|.*|info)$/.test(name)).sort();
    expect(used).toEqual(['mget', 'pttl', 'scan', 'time', 'type']);
  });

  it('asks for no value that no signal wants', async () => {
    const { net_input_bytes: before } = await inputBytes();
    await askOne(readRedis, 'blocks', { redis: redisTarget(redis.port) });
    const { net_input_bytes: after } = await inputBytes();
    // Nothing but SCANs, which is far from a byte a key.
    expect(after - before).toBeLessThan(IPS);
  });

  it('gives the same answer while keys come and go', async () => {
    const churn = Array.from(
      { length: 20_000 },
      (_, index): Command => ['SET', `other:${index}`, 'x', 'PX', '1'],
    );
    const [, reading] = await Promise.all([
      redis.load(churn),
      askOne(readRedis, 'auth-failures-by-ip', { redis: redisTarget(redis.port) }),
    ]);
    expect(reading).toMatchObject({ distinct: IPS + 1, total: readings['auth-failures-by-ip']?.total });
  });
});

/** SCAN may return a key twice while Redis resizes its table; no real server does so on demand. */
it('counts a key once that SCAN returns twice', async () => {
  const key = 'acp:auth_fail:203.0.113.42';
  const page = (cursor: number) =>
    `*2\r\n$1\r\n${cursor}\r\n*2\r\n${`$${key.length}\r\n${key}\r\n`.repeat(2)}`;
  const server = createServer((socket) => {
    const commands = new ReplyReader();
    let pages = 0;
    socket.on('data', (chunk) => {
      for (const command of commands.push(chunk)) {
        const [name, ...args] = (Array.isArray(command) ? command : []).map((word) => String(word));
        if (/time/i.test(name ?? '')) socket.write('*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n');
        else if (/scan/i.test(name ?? '')) socket.write(page(pages++ < 3 ? pages : 0));
        else if (/mget/i.test(name ?? ''))
          socket.write(`*${args.length}\r\n${'$1\r\n7\r\n'.repeat(args.length)}`);
        else socket.write(':250000\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onStop(async () => void server.close());
  const { port } = server.address() as { port: number };
  const reading = await askOne(readRedis, 'auth-failures-by-ip', { redis: redisTarget(port) });
  expect(reading).toMatchObject({ status: 'measured', total: 7, distinct: 1 });
  expect(row(reading, '203.0.113.42').lastSeenSeconds).toBe(50);
});

async function inputBytes(): Promise<{ net_input_bytes: number }> {
  const stats = await redis.cli('INFO', 'stats');
  return { net_input_bytes: Number(/total_net_input_bytes:(\d+)/.exec(stats)?.[1]) };
}
