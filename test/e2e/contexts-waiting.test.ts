import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { calm } from '../support/incidents.ts';
import { stopEverything, temporaryFolder, until } from '../support/processes.ts';
import { runInTerminal, spawnProgram } from '../support/program.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { type Contexts, configure, named, triageSeveral } from './contexts-support.ts';
import { errorDocument, expectError, nowSeconds, prometheusWith } from './systems.ts';

// `near` answers at once; the Redis of `a`, `b` and `c` takes connections and says nothing.
let silent: Awaited<ReturnType<typeof startFaultyRedis>>[];
let redis: TestRedis;
let home = '';
beforeAll(async () => {
  const rest = calm(nowSeconds());
  const [servers, near, prometheus] = await Promise.all([
    Promise.all([1, 2, 3].map(() => startFaultyRedis('silent'))),
    startRedis(),
    prometheusWith(rest),
  ]);
  [silent, redis] = [servers, near];
  await redis.load(rest.redis);
  home = await temporaryFolder('home');
  const metrics = (name: string) => `{ url: "${prometheus.url}", headers: { X-Scope-OrgID: ${name} } }`;
  const context = (name: string, url = '', timeout = '2s') =>
    `{ redis: "${url}", prometheus: ${metrics(name)}, timeout: ${timeout} }`;
  await configure(home, {
    near: context('near', redis.url, '60s'),
    ...Object.fromEntries(['a', 'b', 'c'].map((name, index) => [name, context(name, silent[index]?.url)])),
    brief: context('brief', silent[0]?.url, '200ms'),
  });
});
afterAll(stopEverything);

/** How long each context took, milliseconds. */
const tookEach = ({ contexts }: Contexts): number[] =>
  contexts.map(({ triage }) => (triage as unknown as { timings: { totalMs: number } }).timings.totalMs);

test('all are read at once: three that never answer cost about one deadline', async () => {
  const { code, document } = await triageSeveral(named('a b c'), { home });
  expect(code).toBe(5);
  // One after the other, it would be the sum; whatever holds the machine up holds up each of them.
  const sum = tookEach(document).reduce((all, one) => all + one, 0);
  expect(document.timings.totalMs / sum).toBeLessThan(0.6);
  expect(document.verdict.contexts).toEqual(['a', 'b', 'c']);
});

test('each has its own deadline, and the one that answers is not kept from its answer', async () => {
  const { document } = await triageSeveral(named('near brief a'), { home });
  const [near, brief, slow] = document.contexts;
  expect([near?.exitCode, brief?.exitCode, slow?.exitCode]).toEqual([0, 5, 5]);
  const took = tookEach(document);
  expect(took[1]).toBeLessThan(took[2] ?? 0);
  expect(near?.triage?.degraded).toBe(false);
  expect(document.degraded).toBe(true);
});

test.each(['human', 'json', 'markdown'])('130: Ctrl-C ends them all, as %s', async (format) => {
  const before = silent.map((one) => one.connections());
  const args = ['triage', '-o', format, '--timeout', '60s', ...named('near a b c')];
  const { child } = await spawnProgram(args, { home });
  await until(
    async () => silent.every((one, index) => one.connections() > (before[index] ?? 0)),
    'all are being read',
  );
  child.kill('SIGINT');
  const { exitCode, stdout, stderr, durationMs } = await child;
  expect(exitCode).toBe(130);
  // Far below the deadline: nothing was waited for.
  expect(durationMs).toBeLessThan(30_000);
  const result = { code: exitCode, signal: undefined, stdout, stderr, ms: durationMs };
  if (format === 'json') expect(errorDocument(result)).toMatchObject({ code: 'interrupted', exitCode: 130 });
  else expectError(result);
});

test('a terminal is told how many are still being read, and the line is gone in the end', async () => {
  const { code, output } = await runInTerminal(['triage', '--timeout', '60s', ...named('near a b')], {
    home,
    answers: [{ after: /still reading 2 of 3 contexts: a and b [\d.]+ s \(Ctrl-C stops\)/, type: '\x03' }],
  });
  expect(code).toBe(130);
  expect(output.endsWith('\r\u001b[Kratelimit: interrupted\r\n')).toBe(true);
});
