import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect } from '../../src/evidence/collect.ts';
import type { Cause } from '../../src/evidence/types.ts';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { readRedis } from '../../src/signals/redis/read.ts';
import {
  aegis,
  ask,
  askOne,
  clock,
  configOf,
  httpTarget,
  redisTarget,
  shareOf,
} from '../support/collecting.ts';
import * as faults from '../support/faulty-http.ts';
import { stopEverything } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

afterAll(stopEverything);

const QUERY = '/api/v1/query';
const SIGNALS = ['rejects-by-tenant', 'auth-failures-total', 'inflight', 'deploys', 'service-up'];
const plain = '{"status":"success","data":{"resultType":"vector","result":[]}}';
const one = (value: unknown, metric: unknown = {}) =>
  faults.json({ status: 'success', data: { resultType: 'vector', result: [{ metric, value: [1, value] }] } });

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
  await redis.load([['SET', 'acp:auth_fail:203.0.113.42', '7', 'EX', '300']]);
});

const FAULTS: Record<string, [fault: faults.Fault, cause: Cause, reason: RegExp]> = {
  'HTTP 400': [faults.prometheusError('bad_data', 'parse error at char 3', 400), 'refused', /400.*char 3/],
  'HTTP 401': [faults.prometheusError('unauthorized', 'who are you', 401), 'auth', /401.*who are you/],
  'HTTP 401 of a proxy': [faults.html(401), 'auth', /401/],
  'HTTP 403': [faults.prometheusError('forbidden', 'no such tenant', 403), 'auth', /403.*no such tenant/],
  'HTTP 404': [faults.status(404, '404 page not found'), 'refused', /404/],
  'HTTP 422': [faults.prometheusError('execution', 'too many samples'), 'refused', /422.*too many samples/],
  'HTTP 500': [faults.prometheusError('internal', 'disk is gone', 500), 'refused', /500.*disk is gone/],
  'HTTP 503 for good': [
    faults.prometheusError('timeout', 'query timed out', 503),
    'refused',
    /503.*timed out/,
  ],
  'a login page': [faults.html(200), 'malformed', /HTML/],
  'a redirect': [
    faults.status(302, '', { Location: 'http://127.0.0.1:1/login' }),
    'malformed',
    /302.*redirect/,
  ],
  'status "error" with 200': [faults.prometheusError('execution', 'nope', 200), 'refused', /"error": nope/],
  'another status': [faults.json({ status: 'maybe', data: null }), 'refused', /"maybe"/],
  'NaN and nothing else': [one('NaN'), 'incomplete', /no finite number and left out: that of \{/],
  '+Inf and nothing else': [one('+Inf'), 'incomplete', /no finite number and left out/],
  '-Inf and nothing else': [one('-Inf'), 'incomplete', /no finite number and left out/],
  'a value that is no text': [one(7), 'malformed', /7/],
  'a value too large': [one('1e999'), 'malformed', /1e999/],
  'an empty value': [one(''), 'malformed', /finite/],
  'a label that is no text': [one('1', { tenant_id: 7 }), 'malformed', /label/],
  'no metric': [one('1', null), 'malformed', /series/],
  'a matrix': [faults.json(plain.replace('vector', 'matrix')), 'malformed', /instant vector/],
  'a list': [faults.json([]), 'malformed', /object/],
  null: [faults.json(null), 'malformed', /object/],
  'no data': [faults.json({ status: 'success' }), 'malformed', /instant vector/],
  'an empty body': [faults.json(''), 'malformed', /JSON/],
  'no content': [faults.status(204), 'malformed', /JSON/],
  'JSON cut short': [faults.json(plain.slice(0, -2)), 'malformed', /JSON/],
  warnings: [faults.vector([], ['remote read failed: a store is down']), 'incomplete', /a store is down/],
  'half a body': [faults.halfBody(plain), 'unreachable', /cut in the middle/],
  'a huge body': [faults.huge(9 * 1024 * 1024), 'malformed', /larger than 8 MiB/],
};

describe.each(Object.entries(FAULTS))('%s', (_, [fault, cause, reason]) => {
  it('makes every signal unknown, names the host, and leaves the other source alone', async () => {
    const server = await faults.startFaultyHttp({ '*': fault });
    const config = await configOf({ prometheus: httpTarget(server.url), redis: redisTarget(redis.port) });
    const request = { config, runbook: await aegis(), windowSeconds: 300, clock };
    const adapters = { redis: readRedis, prometheus: readPrometheus };
    const { signals } = await collect(adapters, request, new AbortController().signal);
    for (const id of SIGNALS) {
      expect(signals[id]).toMatchObject({ status: 'unknown', cause, total: null, distinct: null, rows: [] });
      expect(signals[id]?.live).toBe(false);
      expect(signals[id]?.reason).toMatch(reason);
      expect(signals[id]?.reason).toContain(`127.0.0.1:${server.port}`);
      expect(signals[id]?.reason?.length).toBeLessThan(400);
    }
    expect(signals['auth-failures-by-ip']).toMatchObject({ status: 'measured', total: 7 });
    await server.stop();
  });
});

describe('no answer at all', () => {
  it('a refused connection is known at once', async () => {
    const url = await faults.refusedUrl();
    const wanted = { prometheus: httpTarget(url), timeoutSeconds: 10 };
    const [reading, share] = await shareOf(10, askOne(readPrometheus, 'rejects-by-tenant', wanted));
    expect(reading).toMatchObject({ status: 'unknown', cause: 'unreachable' });
    expect(reading.reason).toBe(`prometheus ${new URL(url).host}: connection refused`);
    expect(share).toBeLessThan(0.3);
  });

  it('a host name that does not exist is said', async () => {
    const prometheus = httpTarget('http://prometheus.invalid:9090');
    const reading = await askOne(readPrometheus, 'rejects-by-tenant', { prometheus });
    expect(reading).toMatchObject({ status: 'unknown', cause: 'unreachable' });
    expect(reading.reason).toMatch(/^prometheus prometheus\.invalid:9090: host name/);
  });

  it('a server that hangs costs the deadline and no more', async () => {
    const server = await faults.startFaultyHttp({ '*': faults.hang });
    const wanted = { prometheus: httpTarget(server.url), timeoutSeconds: 0.5 };
    const readings = await ask(readPrometheus, SIGNALS, wanted);
    for (const reading of Object.values(readings)) {
      expect(reading).toMatchObject({ status: 'unknown', cause: 'timeout' });
      expect(reading.reason).toContain(`127.0.0.1:${server.port}`);
    }
  });

  it('a server that hangs in the middle of its answer too', async () => {
    const trickle: faults.Fault = (response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).write(plain.slice(0, 20));
    };
    const server = await faults.startFaultyHttp({ '*': trickle });
    const wanted = { prometheus: httpTarget(server.url), timeoutSeconds: 0.5 };
    const reading = await askOne(readPrometheus, 'rejects-by-tenant', wanted);
    expect(reading).toMatchObject({ status: 'unknown', cause: 'timeout' });
  });

  it('one signal that fails leaves the others of the same server alone', async () => {
    const empty = faults.json(plain);
    const server = await faults.startFaultyHttp({
      [QUERY]: (response) => {
        const asked = server.requests.find(({ headers }) => headers === response.req.headers);
        (asked?.body.includes('inflight') ? faults.status(500) : empty)(response);
      },
      '*': faults.json({ status: 'success', data: [] }),
    });
    const readings = await ask(readPrometheus, SIGNALS, { prometheus: httpTarget(server.url) });
    expect(Object.fromEntries(Object.entries(readings).map(([id, { status }]) => [id, status]))).toEqual({
      ...Object.fromEntries(SIGNALS.map((id) => [id, 'absent'])),
      inflight: 'unknown',
    });
  });

  it('a failure of the second question is unknown too, not empty', async () => {
    const server = await faults.startFaultyHttp({ [QUERY]: faults.json(plain), '*': faults.status(500) });
    const reading = await askOne(readPrometheus, 'inflight', { prometheus: httpTarget(server.url) });
    expect(reading).toMatchObject({ status: 'unknown', cause: 'refused', total: null });
  });
});
