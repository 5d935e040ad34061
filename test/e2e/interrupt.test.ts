import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FaultyHttp, hang, refusedUrl, startFaultyHttp } from '../support/faulty-http.ts';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { calm } from '../support/incidents.ts';
import { deadPort, stopEverything, until } from '../support/processes.ts';
import { runInTerminal, spawnProgram } from '../support/program.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { errorDocument, expectError, nowSeconds, prometheusWith } from './systems.ts';

const DEADLINE_SECONDS = 60;
/** Far below the deadline, at which it would end anyway, and far above what a loaded machine needs. */
const PROMPT_MS = (DEADLINE_SECONDS * 1_000) / 3;

let silent: Awaited<ReturnType<typeof startFaultyRedis>>;
let http: FaultyHttp;
/** A real Redis that is stopped in its tracks: it takes connections and neither answers nor hangs up. */
let stopped: TestRedis;
let nobody = { redis: '', prometheus: '' };
beforeAll(async () => {
  [silent, http, stopped] = await Promise.all([
    startFaultyRedis('silent'),
    startFaultyHttp({ '*': hang }),
    startRedis(),
  ]);
  nobody = { redis: `redis://127.0.0.1:${await deadPort()}`, prometheus: await refusedUrl() };
  process.kill(stopped.pid, 'SIGSTOP');
});
afterAll(async () => {
  process.kill(stopped.pid, 'SIGCONT');
  await stopEverything();
});

/** A hanging triage, what it waits for, and how to know that it has begun to wait. */
const HANGS: Record<string, () => { redis: string; prometheus: string; begun: () => number }> = {
  'a silent Redis': () => ({ ...nobody, redis: silent.url, begun: silent.connections }),
  'a silent Redis that wants a password': () => ({
    ...nobody,
    redis: silent.url.replace('//', '//:hunter2@'),
    begun: silent.connections,
  }),
  'a silent Redis behind TLS': () => ({
    ...nobody,
    redis: silent.url.replace('redis:', 'rediss:'),
    begun: silent.connections,
  }),
  'a hanging Prometheus': () => ({ ...nobody, prometheus: http.url, begun: () => http.requests.length }),
  'a stopped Redis and a hanging Prometheus': () => ({
    redis: stopped.url,
    prometheus: http.url,
    begun: () => http.requests.length,
  }),
};

/** Starts a triage that hangs, sends the signal once it does, and times the end from there. */
async function interrupt(hangs: string, signal: NodeJS.Signals = 'SIGINT', format = 'json') {
  const { redis, prometheus, begun } = HANGS[hangs]?.() ?? { ...nobody, begun: () => 0 };
  const before = begun();
  const { child } = await spawnProgram([
    ...['triage', '-o', format, '--timeout', `${DEADLINE_SECONDS}s`],
    ...['--redis-url', redis, '--prometheus-url', prometheus],
  ]);
  await until(async () => begun() > before, 'the collection has begun');
  const start = performance.now();
  child.kill(signal);
  const { exitCode, stdout, stderr, signal: endedBy } = await child;
  return { ms: performance.now() - start, code: exitCode, signal: endedBy, stdout, stderr };
}

describe.each(Object.keys(HANGS))('130: Ctrl-C while waiting for %s', (hangs) => {
  test('ends at once, with an error document', async () => {
    const result = await interrupt(hangs);
    expect(result).toMatchObject({ code: 130, signal: undefined });
    expect(errorDocument(result)).toMatchObject({ code: 'interrupted', exitCode: 130 });
    expect(result.ms).toBeLessThan(PROMPT_MS);
  });
});

test('130: for people it is one word on stderr', async () => {
  const result = await interrupt('a silent Redis', 'SIGINT', 'human');
  expect(result.code).toBe(130);
  expectError(result);
  expect(result.stderr).toBe('ratelimit: interrupted\n');
});

test('130: SIGTERM is no different', async () => {
  const result = await interrupt('a stopped Redis and a hanging Prometheus', 'SIGTERM');
  expect(result).toMatchObject({ code: 130, signal: undefined });
  expect(errorDocument(result)).toMatchObject({ exitCode: 130 });
  expect(result.ms).toBeLessThan(PROMPT_MS);
});

test('130 over 4: what was refused before no longer counts', async () => {
  const prometheus = await prometheusWith(calm(nowSeconds()), { webConfig: { basicAuth: true } });
  const before = silent.connections();
  const { child } = await spawnProgram([
    ...['triage', '-o', 'json', '--timeout', `${DEADLINE_SECONDS}s`],
    ...['--redis-url', silent.url, '--prometheus-url', prometheus.url],
  ]);
  await until(async () => silent.connections() > before, 'the collection has begun');
  child.kill('SIGINT');
  expect((await child).exitCode).toBe(130);
});

test('a key in a terminal does the same, and the line of progress is gone', async () => {
  const { code, output } = await runInTerminal(
    [
      ...['triage', '--timeout', `${DEADLINE_SECONDS}s`],
      ...['--redis-url', silent.url, '--prometheus-url', nobody.prometheus],
    ],
    { answers: [{ after: 'Ctrl-C stops', type: '\x03' }] },
  );
  expect(code).toBe(130);
  expect(output.endsWith('\r\u001b[Kratelimit: interrupted\r\n')).toBe(true);
});

/**
 * A server that does not even hang up must not keep the program either: the answer is there at the deadline, long before
 * anybody would give up a connection by himself.
 */
test.each(['a silent Redis that wants a password', 'a stopped Redis and a hanging Prometheus'])(
  'the deadline ends a run against %s',
  async (hangs) => {
    const { redis, prometheus } = HANGS[hangs]?.() ?? nobody;
    const { child } = await spawnProgram([
      ...['triage', '-o', 'json', '--timeout', '1s'],
      ...['--redis-url', redis, '--prometheus-url', prometheus],
    ]);
    const { exitCode, stdout, stderr, durationMs } = await child;
    expect({ exitCode, stderr }).toEqual({ exitCode: 5, stderr: '' });
    expect(JSON.parse(stdout).signals['auth-failures-by-ip'].reason).toMatch(/before the deadline/);
    expect(durationMs).toBeLessThan(PROMPT_MS);
  },
);
