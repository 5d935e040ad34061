import { createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { askOne, clock, httpTarget } from '../support/collecting.ts';
import * as faults from '../support/faulty-http.ts';
import { onStop, stopEverything, until } from '../support/processes.ts';

afterAll(stopEverything);

const QUERY = '/api/v1/query';
const good = faults.vector([
  [{ ratelimit_part: 'sum' }, '7'],
  [{ ratelimit_part: 'count' }, '1'],
  [{ ratelimit_part: 'rows', instance: 'gw-1' }, '7'],
]);
const MEASURED = { status: 'measured', total: 7, distinct: 1 };

/** What the machine holds up takes no part of the second that retries have in all: only waits do. */
const patient = { ...clock, steady: () => clock.steady() / 10 };

/** Plays these answers to one question; its reading, and when each request came. */
async function play(...answers: faults.Fault[]) {
  const server = await faults.startFaultyHttp({ [QUERY]: answers });
  const wanted = { prometheus: httpTarget(server.url), clock: patient };
  const reading = await askOne(readPrometheus, 'inflight', wanted);
  const { requests } = server;
  await server.stop();
  const gaps = requests.slice(1).map(({ atMs }, index) => atMs - (requests[index]?.atMs ?? 0));
  return { reading, requests, gaps };
}

const reset: faults.Fault = (response) => {
  response.socket?.resetAndDestroy();
};
const retryAfter = (value: string, code = 503) => faults.status(code, '', { 'Retry-After': value });

describe('asks again', () => {
  it.each([429, 502, 503, 504])('after HTTP %i, with the same question', async (code) => {
    const { reading, requests, gaps } = await play(faults.status(code), good);
    expect(reading).toMatchObject(MEASURED);
    expect(requests).toHaveLength(2);
    expect(requests[0]?.body).toContain('inflight');
    expect(requests[1]).toMatchObject({ method: requests[0]?.method, body: requests[0]?.body });
    expect(requests[1]?.headers['content-type']).toBe(requests[0]?.headers['content-type']);
    expect(gaps[0]).toBeGreaterThanOrEqual(50);
  });

  it('after a reset before the answer and after one in the middle of it', async () => {
    const { reading, requests } = await play(reset, faults.halfBody('{"status":"success"}'), good);
    expect(reading).toMatchObject(MEASURED);
    expect(requests).toHaveLength(3);
  });

  it('after half of a compressed answer', async () => {
    const whole = gzipSync('{"status":"success"}');
    const half: faults.Fault = (response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': whole.length });
      response.write(whole.subarray(0, whole.length >> 1), () => response.socket?.resetAndDestroy());
    };
    const { reading, requests } = await play(half, good);
    expect(reading).toMatchObject(MEASURED);
    expect(requests).toHaveLength(2);
  });

  it('twice at most, the second time after a longer wait', async () => {
    const { reading, requests, gaps } = await play(
      faults.status(503),
      faults.status(503),
      faults.status(503),
      good,
    );
    expect(reading).toMatchObject({ status: 'unknown', cause: 'refused' });
    expect(requests).toHaveLength(3);
    // A machine that stalls adds to either, so that they are held against what they are at least: 100 ms and 200 ms.
    expect(gaps[0]).toBeGreaterThanOrEqual(95);
    expect(gaps[1]).toBeGreaterThanOrEqual(190);
  });
});

describe('Retry-After', () => {
  it('of one second is honoured', async () => {
    const { reading, requests, gaps } = await play(retryAfter('1', 429), good);
    expect(reading).toMatchObject(MEASURED);
    expect(requests).toHaveLength(2);
    expect(gaps[0]).toBeGreaterThanOrEqual(950);
  });

  it('as a date within the second is honoured', async () => {
    // A date has whole seconds: wait for the first half of one, so that the next is well ahead.
    await new Promise((resolve) => setTimeout(resolve, 1_000 - (Date.now() % 1_000)));
    const due = Math.ceil((Date.now() + 1) / 1_000) * 1_000;
    const { reading, requests } = await play(retryAfter(new Date(due).toUTCString()), good);
    const cameAt = Date.now();
    expect(reading).toMatchObject(MEASURED);
    expect(requests).toHaveLength(2);
    expect(cameAt).toBeGreaterThanOrEqual(due - 5);
  });

  it.each([
    ['seconds', '3'],
    ['many seconds', '86400'],
    ['a date', new Date(Date.now() + 60_000).toUTCString()],
  ])('of more than the second (%s) is not waited for', async (_, value) => {
    const { reading, requests } = await play(retryAfter(value, 429), good);
    expect(reading).toMatchObject({ status: 'unknown', cause: 'refused' });
    expect(reading.reason).toContain(`Retry-After: ${value}`);
    expect(requests).toHaveLength(1);
  });

  it.each(['0', 'soon', '-5', '', new Date(0).toUTCString()])('of %j means the usual wait', async (value) => {
    const { reading, requests, gaps } = await play(retryAfter(value), good);
    expect(reading).toMatchObject(MEASURED);
    expect(requests).toHaveLength(2);
    expect(gaps[0]).toBeGreaterThanOrEqual(50);
  });

  it('that comes second does not stretch the second', async () => {
    const { reading, requests } = await play(faults.slow(0, faults.status(503)), retryAfter('1'), good);
    expect(reading).toMatchObject({ status: 'unknown', cause: 'refused' });
    expect(requests).toHaveLength(2);
  });
});

describe('does not ask again', () => {
  it.each([400, 401, 403, 404, 422, 500, 501])('after HTTP %i', async (code) => {
    const { reading, requests } = await play(faults.status(code), good);
    expect(reading.status).toBe('unknown');
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['a redirect', faults.status(307, '', { Location: '/elsewhere' })],
    ['HTML', faults.html()],
    ['warnings', faults.vector([], ['partial'])],
    ['too large an answer', faults.huge(9 * 1024 * 1024)],
  ])('after %s', async (_, fault) => {
    const { reading, requests } = await play(fault, good);
    expect(reading.status).toBe('unknown');
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['no TLS behind https', (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a reset in the handshake', (socket: Socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['an end in the handshake', (socket: Socket) => socket.once('data', () => socket.destroy())],
  ])('when TLS fails: %s', async (_, answer) => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => {});
      answer(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onStop(async () => void server.close());
    const { port } = server.address() as { port: number };
    const prometheus = httpTarget(`https://127.0.0.1:${port}`);
    const reading = await askOne(readPrometheus, 'inflight', { prometheus });
    expect(reading).toMatchObject({ status: 'unknown', cause: 'unreachable' });
    expect(reading.reason).toContain(`127.0.0.1:${port}`);
    expect(connections).toBe(1);
  });
});

it('an interrupt ends the wait for a retry', async () => {
  const server = await faults.startFaultyHttp({ [QUERY]: retryAfter('1') });
  const interrupt = new AbortController();
  const asking = askOne(readPrometheus, 'inflight', {
    prometheus: httpTarget(server.url),
    interrupt: interrupt.signal,
  });
  await until(async () => server.requests.length > 0, 'it asks');
  await new Promise((resolve) => setTimeout(resolve, 50));
  interrupt.abort();
  expect(await asking).toMatchObject({ status: 'unknown', cause: 'timeout' });
  expect(server.requests).toHaveLength(1);
});
