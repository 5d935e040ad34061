import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpTarget, Secret } from '../../src/config/types.ts';
import { connectAlertmanager } from '../../src/signals/alertmanager.ts';
import type { SourceError } from '../../src/signals/source-error.ts';
import { startAlertmanager, type TestAlertmanager } from '../support/alertmanager.ts';
import { clock } from '../support/alerts.ts';
import {
  type Fault,
  halfBody,
  hang,
  html,
  huge,
  json,
  refusedUrl,
  startFaultyHttp,
  status,
} from '../support/faulty-http.ts';
import { stopEverything } from '../support/processes.ts';
import { prometheusLogin } from '../support/prometheus.ts';

afterAll(stopEverything);

const targetOf = (url: string, password: string | null = null): HttpTarget => ({
  ...{ url, bearerToken: null, headers: {}, tls: null },
  basicAuth:
    password === null ? null : { username: prometheusLogin.username, password: new Secret(password) },
});

const open = (target: HttpTarget, timeoutMs = 20_000, interrupt = new AbortController().signal) =>
  connectAlertmanager(target, timeoutMs, clock, interrupt);

/** Why a question was not answered. */
const failure = (answer: Promise<unknown>) =>
  answer.then(
    () => 'answered',
    ({ cause, message }: SourceError) => `${cause}: ${message}`,
  );

describe('a real one, that wants a login', () => {
  let alertmanager: TestAlertmanager;
  beforeAll(async () => {
    alertmanager = await startAlertmanager({
      basicAuth: true,
      inhibitRules: [
        {
          source_matchers: ['alertname="ClusterDown"'],
          target_matchers: ['alertname="RateLimitSpike"'],
          equal: ['cluster'],
        },
      ],
    });
  });
  const login = () => open(targetOf(alertmanager.url, prometheusLogin.password));

  test('all that fires, silenced and inhibited too, and what silences it', async () => {
    const startsAt = '2026-05-29T05:00:04.123456789+02:00';
    await alertmanager.post(
      { labels: { alertname: 'RateLimitSpike', cluster: 'eu', tenant: 'a\u001b[31m"{}' }, startsAt },
      { labels: { alertname: 'ClusterDown', cluster: 'eu' }, generatorURL: 'http://prom/graph' },
      { labels: { alertname: 'Fine', __proto__: 'x' } },
    );
    const id = await alertmanager.silence({
      matchers: { alertname: 'ClusterDown' },
      createdBy: 'alice\u0007',
      comment: 'moving\nhouse',
    });
    await alertmanager.untilSuppressed('RateLimitSpike');
    const client = login();
    const alerts = await client.alerts();
    const named = (name: string) => alerts.find(({ labels }) => labels.alertname === name);
    const down = named('ClusterDown');
    expect(down).toMatchObject({ state: 'suppressed', silencedBy: [id], generatorUrl: 'http://prom/graph' });
    expect(named('RateLimitSpike')).toEqual({
      ...{ fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/), state: 'suppressed' },
      ...{ startsAt: '2026-05-29T03:00:04.123Z', generatorUrl: '', silencedBy: [], mutedBy: [] },
      labels: { alertname: 'RateLimitSpike', cluster: 'eu', tenant: 'a\u001b[31m"{}' },
      inhibitedBy: [down?.fingerprint],
    });
    expect(named('Fine')).toMatchObject({ state: 'active', silencedBy: [], inhibitedBy: [] });
    expect(await client.silence(id)).toMatchObject({ createdBy: 'alice\u0007', comment: 'moving\nhouse' });
    expect(await failure(client.silence('00000000-0000-4000-8000-000000000000'))).toMatch(
      /^refused: alertmanager 127\.0\.0\.1:\d+: HTTP 404/,
    );
  });

  test('it refuses another login, and none', async () => {
    for (const password of ['shut-sesame', null]) {
      expect(await failure(open(targetOf(alertmanager.url, password)).alerts())).toMatch(
        /^auth: alertmanager 127\.0\.0\.1:\d+: HTTP 401, the credentials are not accepted/,
      );
    }
  });

  test('an interrupt ends the question', async () => {
    const interrupt = new AbortController();
    interrupt.abort();
    const { url } = alertmanager;
    expect(await failure(open(targetOf(url), 20_000, interrupt.signal).alerts())).toMatch(/^timeout: /);
  });
});

describe('one that does not answer as it should', () => {
  const alert = (more: Record<string, unknown> = {}) => ({
    ...{ fingerprint: '0123456789abcdef', startsAt: '2026-05-29T03:00:04Z', labels: { alertname: 'X' } },
    status: { state: 'active', silencedBy: [], inhibitedBy: [] },
    ...more,
  });

  test.each<[string, Fault, RegExp]>([
    ['a login page', html(), /^malformed: .*HTML, not JSON \(a login page or a proxy\?\)$/],
    ['half an answer', halfBody(JSON.stringify([alert()])), /^unreachable: .*cut in the middle/],
    ['no JSON', json('[{"a":'), /^malformed: .*not complete JSON$/],
    ['9 MB', huge(9_000_000), /^malformed: .*larger than 8 MiB.*too many alerts fire there$/],
    ['an object', json({ data: [] }), /^malformed: .*not a list of alerts$/],
    ['an alert without a status', json([{ ...alert(), status: 3 }]), /^malformed: .*has no status$/],
    ['a state that there is not', json([alert({ status: { state: 'x' } })]), /^malformed: .*has no state$/],
    ['a path as fingerprint', json([alert({ fingerprint: '../x' })]), /^malformed: .*has no fingerprint$/],
    ['no time', json([alert({ startsAt: 'yesterday' })]), /^malformed: .*does not say since when it fires$/],
    ['a number as label', json([alert({ labels: { a: 1 } })]), /^malformed: .*the labels .* are not texts$/],
    [
      'a path as silence',
      json([alert({ status: { state: 'suppressed', silencedBy: ['../../x'] } })]),
      /^malformed: .*not a list of names$/,
    ],
    [
      'words of its own',
      status(500, '{"code":500,"message":"no quorum"}'),
      /^refused: alertmanager 127\.0\.0\.1:\d+: HTTP 500: no quorum$/,
    ],
    ['a redirect', status(302, '', { Location: '/login' }), /^malformed: .*a redirect/],
    ['forbidden', status(403), /^auth: /],
  ])('%s', async (_, fault, expected) => {
    const server = await startFaultyHttp({ '/api/v2/alerts': fault });
    const client = open(targetOf(server.url));
    expect(await failure(client.alerts())).toMatch(expected);
    await server.stop();
  });

  test('silence, and nobody there', async () => {
    const server = await startFaultyHttp({ '*': hang });
    expect(await failure(open(targetOf(server.url), 150).alerts())).toMatch(
      /^timeout: .*no answer before the deadline$/,
    );
    expect(await failure(open(targetOf(await refusedUrl())).alerts())).toMatch(
      /^unreachable: .*connection refused$/,
    );
  });

  test('labels that are not UTF-8 are texts all the same', async () => {
    const body = Buffer.from(JSON.stringify([alert({ labels: { alertname: 'X', tenant: 'caf?' } })]));
    body[body.indexOf('?')] = 0xe9;
    const server = await startFaultyHttp({ '*': (response) => void response.end(body) });
    const [first] = await open(targetOf(server.url)).alerts();
    expect(first?.labels.tenant).toBe('caf\ufffd');
  });

  test('what newer and older versions say besides is taken as it is', async () => {
    const muted = alert({ status: { state: 'suppressed', mutedBy: ['weekend'], silencedBy: null } });
    const bytes = json([muted, alert({ status: { state: 'unprocessed' }, annotations: 3, extra: {} })]);
    const server = await startFaultyHttp({ '/prefix/api/v2/alerts': bytes });
    const alerts = await open(targetOf(`${server.url}/prefix`)).alerts();
    expect(alerts).toMatchObject([{ mutedBy: ['weekend'], silencedBy: [] }, { state: 'active' }]);
    expect(server.requests[0]?.url).toBe(
      '/prefix/api/v2/alerts?active=true&silenced=true&inhibited=true&unprocessed=true',
    );
  });
});
