import { afterAll, expect, test } from 'vitest';
import { Secret } from '../../src/config/types.ts';
import { lokiHealth } from '../../src/signals/logs/loki-health.ts';
import { clock, httpTarget } from '../support/collecting.ts';
import { hang, html, startFaultyHttp } from '../support/faulty-http.ts';
import { startLoki } from '../support/loki.ts';
import { deadPort, stopEverything } from '../support/processes.ts';

// Loki is a server of the tests' own here, since no package of it is to be had: see test/support/loki.ts.

afterAll(stopEverything);

const APP = { app: 'shop', env: 'prod' };
const ask = (
  url: string,
  target: Parameters<typeof httpTarget>[1] = {},
  selector = APP,
  timeoutMs = 20_000,
) =>
  lokiHealth(httpTarget(url, target), {
    ...{ selectors: [selector], clock },
    signal: AbortSignal.timeout(timeoutMs),
  });

const hour = 3_600_000;

test('says its version, that it is ready, its clock, and how many streams are found', async () => {
  const loki = await startLoki({ aheadMs: 90_000 });
  loki.push({ ...APP, pod: 'a' }, [[Date.now() - 1_000, 'a line']]);
  loki.push({ ...APP, pod: 'b' }, [[Date.now() - 20 * hour, 'a line']]);
  loki.push({ ...APP, pod: 'c' }, [[Date.now() - 30 * hour, 'a line']]);
  const facts = await ask(loki.url);
  expect(facts).toMatchObject({
    version: { known: true, value: { name: '2.9.7' } },
    ready: { state: 'ready' },
    streams: [{ selector: APP, found: { known: true, value: 2 }, instead: null }],
  });
  if (!facts.clock.known) throw new Error(facts.clock.reason);
  const { aheadMs, plusMinusMs } = facts.clock.value;
  expect(Math.abs(aheadMs - 90_000)).toBeLessThanOrEqual(plusMinusMs + 1_000);
});

test('where no stream matches, it tells which label is to blame, and what is there', async () => {
  const loki = await startLoki();
  const instead = async (selector: Record<string, string>) =>
    (await ask(loki.url, {}, selector as typeof APP)).streams[0];
  expect(await instead(APP)).toMatchObject({
    found: { value: 0 },
    instead: { label: null, lacking: 'app', names: [] },
  });
  loki.push({ app: 'web', env: 'prod' }, [[Date.now(), 'a line']]);
  loki.push({ app: 'shop', env: 'test' }, [[Date.now(), 'a line']]);
  expect((await instead({ application: 'shop' }))?.instead).toEqual({
    ...{ label: null, lacking: 'application', names: ['app', 'env'] },
  });
  expect((await instead({ app: 'shop', env: 'live' }))?.instead).toEqual({
    ...{ label: 'env', lacking: 'live', names: ['prod', 'test'] },
  });
  // Each is there, and no stream has both.
  expect(await instead(APP)).toMatchObject({ found: { known: true, value: 0 }, instead: null });
});

test('that it is not ready is told in its own words; a gateway that hides it is no trouble', async () => {
  const words = 'Ingester not ready: waiting for 15s after being ready';
  const [starting, hidden] = await Promise.all([
    startLoki({ notReady: words }),
    startLoki({ gateway: true }),
  ]);
  expect((await ask(starting.url)).ready).toEqual({ state: 'not-ready', said: `HTTP 503: ${words}` });
  const facts = await ask(hidden.url);
  expect(facts.ready).toMatchObject({
    state: 'unknown',
    cause: 'refused',
    reason: expect.stringMatching(/HTTP 404/),
  });
  expect(facts.version.known).toBe(true);
});

test('refused credentials and a missing tenant are told as such', async () => {
  const [closed, tenants] = await Promise.all([
    startLoki({ token: 's3cret' }),
    startLoki({ tenant: 'team' }),
  ]);
  const refused = await ask(closed.url, { bearerToken: new Secret('wrong') });
  const auth = { known: false, cause: 'auth', reason: expect.stringMatching(/^loki 127.*HTTP 401/) };
  expect(refused).toMatchObject({ version: auth, clock: auth, streams: [{ found: auth }] });
  expect(refused.ready).toMatchObject({ state: 'unknown', cause: 'auth' });
  const nobody = await ask(tenants.url);
  expect(nobody.version.known).toBe(true);
  expect(nobody.streams[0]?.found).toMatchObject({
    cause: 'auth',
    reason: expect.stringMatching(/no org id/),
  });
  const team = await ask(tenants.url, { headers: { 'X-Scope-OrgID': 'team' } });
  expect(team.streams[0]?.found).toEqual({ known: true, value: 0 });
});

test('nobody, another server, and one that is silent are unknown, each for its reason', async () => {
  const page = await startFaultyHttp({ '*': html() });
  const silent = await startFaultyHttp({ '*': hang });
  const [none, other, late] = await Promise.all([
    ask(`http://127.0.0.1:${await deadPort()}`),
    ask(page.url),
    ask(silent.url, {}, APP, 300),
  ]);
  for (const [facts, cause] of [
    [none, 'unreachable'],
    [other, 'malformed'],
    [late, 'timeout'],
  ] as const) {
    expect(facts.version).toMatchObject({ known: false, cause });
    expect(facts.ready).toMatchObject({ state: 'unknown', cause });
    expect(facts.streams[0]?.found).toMatchObject({ known: false, cause });
  }
});
