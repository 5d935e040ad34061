import { connect, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/types.ts';
import { readRedis } from '../../src/signals/redis/read.ts';
import { ask, askOne, redisTarget, shareOf } from '../support/collecting.ts';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { deadPort, onStop, stopEverything, until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

afterAll(stopEverything);

const ALL = ['auth-failures-by-ip', 'agent-spend', 'blocks'];
/** Far from what anything takes here that does not wait for it. */
const DEADLINE = 20;
const tls = { ca: null, cert: null, key: null };

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
  await redis.load(
    Array.from({ length: 20_000 }, (_, i) => ['SET', `acp:auth_fail:10.1.${i >> 8}.${i & 255}`, '2']),
  );
});

/** Everything that is open in this process; sockets of the harness are closed by then. */
const handles = () =>
  process.getActiveResourcesInfo().filter((kind) => /TCP|Pipe|TLS|DNS|Connect/i.test(kind)).length;

/** Asks all signals; each must be unknown for this cause and name the server. */
async function expectUnknown(port: number, cause: string, timeoutSeconds = DEADLINE): Promise<number> {
  const asking = ask(readRedis, ALL, { redis: redisTarget(port), timeoutSeconds });
  const [readings, share] = await shareOf(timeoutSeconds, asking);
  for (const reading of Object.values(readings)) {
    expect(reading).toMatchObject({
      status: 'unknown',
      cause,
      live: false,
      total: null,
      distinct: null,
      rows: [],
    });
    expect(reading.reason).toContain(`redis://127.0.0.1:${port}`);
  }
  return share;
}

describe('a dead server', () => {
  it('that refuses costs far less than the deadline', async () => {
    expect(await expectUnknown(await deadPort(), 'unreachable')).toBeLessThan(0.3);
  });

  it.each([0, 1, 14])('that hangs up after %i bytes too', async (closeAfterBytes) => {
    const server = await startFaultyRedis({ closeAfterBytes });
    expect(await expectUnknown(server.port, 'unreachable')).toBeLessThan(0.3);
    expect(server.connections()).toBe(1);
  });

  it('that is silent costs the deadline, not more', async () => {
    const server = await startFaultyRedis('silent');
    const share = await expectUnknown(server.port, 'timeout', 0.5);
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(10);
    expect(server.connections()).toBe(1);
  });

  it('that is silent before the login or the TLS handshake costs no more either', async () => {
    const { port } = await startFaultyRedis('silent');
    for (const more of [{ password: new Secret('x') }, { tls }, { db: 3 }]) {
      const wanted = { redis: redisTarget(port, more), timeoutSeconds: 0.5 };
      const [reading, share] = await shareOf(0.5, askOne(readRedis, 'blocks', wanted));
      expect(reading).toMatchObject({ status: 'unknown', cause: 'timeout' });
      expect(share).toBeLessThan(10);
    }
  });

  it.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['noise', '\u0001\u0002\u0003\r\n'],
    ['a loading server', '-LOADING Redis is loading the dataset in memory\r\n'],
    ['a cluster', '-MOVED 1234 10.0.0.7:6379\r\n'],
    [
      'a replica without its primary',
      "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
    ],
    ['a sentinel or a proxy', "-ERR unknown command 'TIME'\r\n"],
  ])('that speaks like %s is unknown, at once', async (_, words) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      // An answer for each command, as a server gives.
      socket.on('data', (chunk) => {
        const commands = String(chunk).match(/\*\d+\r\n/g) ?? [''];
        socket.write(words.repeat(commands.length));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onStop(async () => void server.close());
    const { port } = server.address() as { port: number };
    const wanted = { redis: redisTarget(port), timeoutSeconds: DEADLINE };
    const [reading, share] = await shareOf(DEADLINE, askOne(readRedis, 'blocks', wanted));
    expect(reading).toMatchObject({ status: 'unknown', total: null });
    expect(reading.reason).toContain(`127.0.0.1:${port}`);
    expect(share).toBeLessThan(0.3);
  });
});

describe('a connection that is cut', () => {
  it.each([
    ['before the first answer', {}],
    ['in the middle of the scan', { after: 'MATCH', replyBytes: 3_000 }],
    ['in the middle of the values', { after: 'mget', replyBytes: 200 }],
  ])('%s is unknown, at once, and is not tried again', async (_, cut) => {
    const server = await startFaultyRedis({ proxy: { port: redis.port, cut } });
    expect(await expectUnknown(server.port, 'unreachable')).toBeLessThan(0.3);
    expect(server.connections()).toBe(1);
  });
});

describe('an interrupt by the operator', () => {
  let before: number;
  beforeEach(() => {
    before = handles();
  });

  /** Interrupts once the server was reached; how much of the deadline went by, and what is left open. */
  async function interrupt(target: ReturnType<typeof redisTarget>, reached: () => boolean) {
    const controller = new AbortController();
    const wanted = { redis: target, timeoutSeconds: 60, interrupt: controller.signal };
    const asking = ask(readRedis, ALL, wanted);
    await until(async () => reached(), 'the server was reached');
    controller.abort();
    const [readings, share] = await shareOf(60, asking);
    expect(Object.values(readings).map(({ status }) => status)).toEqual(ALL.map(() => 'unknown'));
    expect(share).toBeLessThan(0.2);
  }

  it.each([
    ['a silent server', {}],
    ['one that is silent before the login', { password: new Secret('x') }],
    ['one that is silent in the TLS handshake', { tls }],
  ])('of %s leaves nothing open', async (_, more) => {
    const sockets = new Set<Socket>();
    let reached = 0;
    // It does not hang up when we do, as a host that is gone.
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      reached += 1;
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => sockets.delete(socket))
        .resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onStop(async () => void server.close());
    const { port } = server.address() as { port: number };
    await interrupt(redisTarget(port, more), () => reached > 0);
    // Far below the deadline of 60 s, at which the connection would have been given up anyway.
    await until(async () => handles() <= before + sockets.size + 1, 'our end is closed', 20_000);
    for (const socket of sockets) socket.destroy();
    server.close();
    await until(async () => handles() <= before, 'no handle is left');
  });

  it('in the middle of a scan leaves nothing open', async () => {
    const proxy = await startFaultyRedis({ proxy: { port: redis.port, latencyMs: 100 } });
    await interrupt(redisTarget(proxy.port), () => proxy.connections() > 0);
    await proxy.stop();
    await until(async () => handles() <= before, 'no handle is left');
  });

  it('before the start does not even connect for long', async () => {
    const silent = await startFaultyRedis('silent');
    const wanted = { redis: redisTarget(silent.port), interrupt: AbortSignal.abort(), timeoutSeconds: 60 };
    const [reading, share] = await shareOf(60, askOne(readRedis, 'blocks', wanted));
    expect(reading.status).toBe('unknown');
    expect(share).toBeLessThan(0.2);
    await silent.stop();
    await until(async () => handles() <= before, 'no handle is left');
  });
});

it('the handles are counted at all', async () => {
  const before = handles();
  const socket = connect({ host: '127.0.0.1', port: redis.port });
  await new Promise((resolve) => socket.once('connect', resolve));
  await until(async () => handles() > before, 'the handle is counted');
  socket.destroy();
  await until(async () => handles() <= before, 'the handle is gone');
});
