import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.ts';
import type { Config } from '../../src/config/types.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { prometheusHealth } from '../../src/signals/prometheus/health.ts';
import { askOne, clock } from '../support/collecting.ts';
import {
  type Fault,
  type FaultyHttp,
  json,
  passOn,
  startFaultyHttp,
  status,
} from '../support/faulty-http.ts';
import { counter, openMetrics, series } from '../support/openmetrics.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus.ts';

// Google Cloud Monitoring answers PromQL below a path of the project, to whoever has a token of the hour. It has some of
// Prometheus's endpoints: labels by GET alone, and no status. Here a real Prometheus stands behind a proxy that is as strict.

afterAll(stopEverything);

const PREFIX = '/v1/projects/some-project/location/global/prometheus';
const METRIC = 'custom_googleapis_com:opencensus_en_verification_server_ratelimit_limitware_request_count';
const now = Math.floor(Date.now() / 1000);
const SPAN = { from: -3_600, to: 600, step: 15 } as const;

const runbook: Runbook = parseRunbook(
  readFileSync(new URL('../../src/runbooks/verification-server.yaml', import.meta.url)),
  'verification-server.yaml',
);

/** Google's own shape of a refusal. */
const refusal = (code: number, words: string, name: string): Fault =>
  json({ error: { code, message: words, status: name } }, code);

let token = 'first';
let proxy: FaultyHttp;
let config: Config;
let tokenFile: string;

beforeAll(async () => {
  const requests = (result: string, job: string, perSecond: number) =>
    series(METRIC, { job, result }, counter(now, { ...SPAN, perSecond }));
  const prometheus = await startPrometheus({
    series: openMetrics([
      requests('OK', 'apiserver', 20),
      requests('RATE_LIMITED', 'apiserver', 3),
      requests('RATE_LIMITED', 'server', 0.5),
    ]),
  });
  const forward: Fault = (response, request) => {
    if (request === undefined) return;
    const { method, url, headers } = request;
    const path = url.slice(PREFIX.length);
    if (headers.authorization !== `Bearer ${token}`) {
      return refusal(401, 'Request had invalid authentication credentials.', 'UNAUTHENTICATED')(response);
    }
    const isKnown =
      url.startsWith(PREFIX) &&
      /^\/api\/v1\/(?:query(?:_range)?|series|labels|label\/\w+\/values)(?:\?|$)/.test(path);
    const isTaken = method === 'GET' || (method === 'POST' && /^\/api\/v1\/query/.test(path));
    if (!isKnown || !isTaken)
      return status(404, '<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>')(response);
    passOn(`${prometheus.url}${path}`, request, response, ({ code, body }) => json(body, code));
  };
  proxy = await startFaultyHttp({ '*': forward });
  const home = await temporaryFolder('home');
  await mkdir(join(home, 'ratelimit'));
  tokenFile = join(home, 'ratelimit', 'token');
  await writeFile(tokenFile, `${token}\n`);
  const prod = {
    runbook: 'verification-server',
    prometheus: { url: `${proxy.url}${PREFIX}`, 'bearer-token-file': 'token' },
  };
  await writeFile(
    join(home, 'ratelimit', 'config.yaml'),
    JSON.stringify({ 'current-context': 'prod', contexts: { prod } }),
  );
  config = await resolveConfig({ flags: {}, env: {}, configHome: home });
});

const ask = (signal: string, which = runbook) =>
  askOne(readPrometheus, signal, { prometheus: config.prometheus, runbook: which });

describe('Google Cloud Monitoring', () => {
  it('is read below its path, by a name with a colon in it, and by the result alone', async () => {
    const reading = await ask('limited-by-job');
    expect(reading).toMatchObject({ status: 'measured', distinct: 2 });
    expect(reading.rows.map(({ id }) => id)).toEqual(['apiserver', 'server']);
    expect(reading.total).toBeCloseTo(3.5, 6);
    expect(proxy.requests.every(({ url }) => url.startsWith(`${PREFIX}/api/v1/`))).toBe(true);
  });

  it('says that a metric is not there, though it takes that question by GET alone', async () => {
    const renamed = structuredClone(runbook);
    for (const source of renamed.signals['limited-by-job']?.sources ?? []) {
      if ('metric' in source) source.metric = `${METRIC}_renamed`;
    }
    expect(await ask('limited-by-job', renamed)).toMatchObject({ status: 'absent', total: null });
  });

  it('is asked with the token that the file holds by then, without reading the configuration again', async () => {
    token = 'second';
    expect(await ask('limited-by-job')).toMatchObject({
      ...{ status: 'unknown', cause: 'auth' },
      reason: expect.stringContaining('HTTP 401, the credentials are not accepted: Request had invalid'),
    });
    await writeFile(tokenFile, `${token}\n`);
    expect(await ask('limited-by-job')).toMatchObject({ status: 'measured' });
    // A file that is just being written leaves the token that is known from the start.
    await writeFile(tokenFile, '');
    token = 'first';
    expect(await ask('limited-by-job')).toMatchObject({ status: 'measured' });
  });

  it('has no status and no version, and a clock all the same', async () => {
    const look = { metrics: [METRIC], all: [METRIC, 'up'], labels: [], windowSeconds: 300, clock };
    const [target] = config.prometheus;
    const facts = await prometheusHealth(target, { ...look, signal: new AbortController().signal });
    expect(facts.version).toMatchObject({ known: false, cause: 'refused' });
    expect(facts.clock.known).toBe(true);
    expect(facts.scraping).toMatchObject({ known: true, value: { duplicates: [] } });
    expect(facts.names).toMatchObject({ known: true, value: { names: [METRIC] } });
  });
});
