import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as faults from '../support/faulty-http.ts';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { counter, gauge, openMetrics, series } from '../support/openmetrics.ts';
import { stopEverything, temporaryFolder, until } from '../support/processes.ts';
import { runInTerminal, runProgram, spawnProgram } from '../support/program.ts';
import { prometheusLogin, startPrometheus, type TestPrometheus } from '../support/prometheus.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

afterAll(stopEverything);

describe('redis', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis({
      password: 'hunter 2',
      acl: ['reader on >secret ~acp:* +@read'],
      unixSocket: true,
    });
  });

  it('takes many keys at once, and arguments that are not text', async () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => ['SET', `acp:auth_fail:${i}`, '1', 'EX', '300']);
    await redis.load([...keys, [Buffer.from('SET'), Buffer.from([0xff, 0xfe]), 'x']]);
    expect(await redis.cli('DBSIZE')).toBe('20001');
    await redis.flush();
    expect(await redis.cli('DBSIZE')).toBe('0');
  });

  it('says which command failed', async () => {
    await expect(redis.load([['SET', 'a', '1'], ['LPUSH', 'a', '1'], ['PING']])).rejects.toThrow(
      /2: WRONGTYPE/,
    );
    await expect(redis.cli('NONSENSE')).rejects.toThrow(/unknown command/);
  });

  it('enforces its password and its ACL, on the port and on the socket', async () => {
    await redis.load([['SET', 'acp:ip_block:203.0.113.42', 'abuse']]);
    const read = async (url: string, login: { username?: string; password?: string } = {}) => {
      const client = new Redis(url, { ...login, enableReadyCheck: false });
      client.on('error', () => {});
      try {
        return await client.get('acp:ip_block:203.0.113.42');
      } finally {
        client.disconnect();
      }
    };
    expect(await read(redis.url)).toBe('abuse');
    const reader = { username: 'reader', password: 'secret' };
    expect(await read(redis.socketPath ?? '', reader)).toBe('abuse');
    await expect(read(`redis://127.0.0.1:${redis.port}`)).rejects.toThrow(/NOAUTH/);
  });

  it('speaks TLS with an authority of its own', async () => {
    const secure = await startRedis({ tls: true });
    expect(secure.url).toMatch(/^rediss:/);
    expect(secure.tls && existsSync(secure.tls.ca)).toBe(true);
    expect(await secure.cli('PING')).toBe('PONG');
  });

  it('leaves neither process nor folder', async () => {
    const short = await startRedis({ unixSocket: true, config: { maxmemory: '3mb' } });
    expect(await short.cli('CONFIG', 'GET', 'maxmemory')).toBe('maxmemory\n3145728');
    await short.stop();
    expect(() => process.kill(short.pid, 0)).toThrow(/ESRCH/);
    expect(existsSync(short.socketPath ?? '')).toBe(false);
  });

  it('fails with what the server said', async () => {
    await expect(startRedis({ config: { nonsense: 'yes' } })).rejects.toThrow(/Bad directive/);
  });
});

describe('prometheus', () => {
  let now = 0;
  const one = async (server: TestPrometheus, promql: string) => (await server.query(promql))[0]?.value;
  let server: TestPrometheus;
  let scraping: TestPrometheus;

  beforeAll(async () => {
    now = Math.floor(Date.now() / 1000);
    const to = 600;
    const text = openMetrics([
      series('plain_total', { tenant_id: 'a "b"\\c\nd' }, counter(now, { to, perSecond: 2 })),
      series('reset_total', {}, counter(now, { to, start: 1e6, perSecond: 4, resetAt: -150 })),
      series('born_total', {}, counter(now, { to, perSecond: 3, bornAt: -120 })),
      series('burst_total', {}, counter(now, { to, perSecond: (at) => (at > -300 ? 20 : 1) })),
      series('old_total', {}, counter(now, { from: -21 * 86_400, to, step: 600, perSecond: 1 })),
      series('inflight', { instance: 'a' }, gauge(now, { to, value: (at) => (at <= 0 ? 7 : 9) })),
      series('odd', {}, gauge(now, { to, value: Number.POSITIVE_INFINITY })),
    ]);
    [server, scraping] = await Promise.all([
      startPrometheus({ series: text }),
      startPrometheus({
        series: openMetrics([series('plain_total', {}, counter(now, { perSecond: 2 }))]),
        scrape: [{ job: 'identity', targets: ['127.0.0.1:1'] }],
      }),
    ]);
  });

  it('serves backfilled samples right up to now', async () => {
    expect(await one(server, 'time() - timestamp(plain_total)')).toBeLessThanOrEqual(15);
    expect(await one(server, 'rate(plain_total[5m])')).toBeCloseTo(2, 6);
    expect(await one(server, 'rate(burst_total[5m])')).toBeGreaterThan(18);
    expect(await one(server, 'rate(burst_total[5m] offset 10m)')).toBeCloseTo(1, 6);
    expect(await one(server, 'rate(old_total[1d] offset 14d)')).toBeCloseTo(1, 6);
    expect(await one(server, 'odd')).toBe(Number.POSITIVE_INFINITY);
    expect((await server.query('plain_total'))[0]?.metric.tenant_id).toBe('a "b"\\c\nd');
  });

  it('loses at most one interval of a counter that was reset', async () => {
    const rate = await one(server, 'rate(reset_total[5m])');
    expect(rate).toBeGreaterThan(4 * 0.9);
    expect(rate).toBeLessThanOrEqual(4);
  });

  it('counts a series born inside the window from its birth', async () => {
    const increase = await one(server, 'increase(born_total[5m])');
    const elapsed = Date.now() / 1000 - now;
    expect(increase).toBeGreaterThan(3 * 110);
    expect(increase).toBeLessThan(3 * (140 + elapsed));
  });

  it('asks for its login, below its prefix, over TLS', async () => {
    const guarded = await startPrometheus({
      webConfig: { basicAuth: true, tls: true },
      routePrefix: '/prometheus',
    });
    expect(guarded.url).toMatch(/^https:.*\/prometheus$/);
    expect(await one(guarded, 'vector(1)')).toBe(1);
    const open = await startPrometheus({ webConfig: { basicAuth: true } });
    expect((await fetch(`${open.url}/api/v1/query?query=1`)).status).toBe(401);
    const auth = Buffer.from(`${prometheusLogin.username}:${prometheusLogin.password}`).toString('base64');
    const headers = { Authorization: `Basic ${auth}` };
    expect((await fetch(`${open.url}/api/v1/query?query=1`, { headers })).status).toBe(200);
  });

  it('scrapes beside series that end now', async () => {
    await until(async () => (await scraping.query('up')).length > 0, 'the first scrape');
    expect(await one(scraping, 'up{job="identity"}')).toBe(0);
    // It ends at its beginning, and what is left of it in the window grows less.
    expect(await one(scraping, 'rate(plain_total[5m])')).toBeGreaterThan(0);
  });

  it('says what is wrong with the series', async () => {
    await expect(startPrometheus({ series: 'nonsense' })).rejects.toThrow(/promtool/);
    expect(() => series('a-b', {}, gauge(now, { value: 1 }))).toThrow(/not a metric/);
  });
});

describe('faulty servers', () => {
  it('plays faults by path and by request, and records the requests', async () => {
    const server = await faults.startFaultyHttp({
      '/retry': [faults.status(429, 'slow down', { 'Retry-After': '2' }), faults.json({ ok: true })],
      '/html': faults.html(502),
      '/half': faults.halfBody('{"status":"success"}'),
      '/error': faults.prometheusError('bad_data', 'parse error', 400),
      '/odd': faults.vector([[{ tenant_id: 'a' }, 'NaN']], ['partial']),
      '/huge': faults.huge(3_000_000),
      '/slow': faults.slow(5, faults.json('{"value":NaN}')),
      '/hang': faults.hang,
    });
    const get = (path: string) => fetch(server.url + path);
    const first = await get('/retry?n=1');
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '2']);
    expect(await (await get('/retry?n=2')).json()).toEqual({ ok: true });
    expect((await get('/html')).headers.get('content-type')).toBe('text/html');
    await expect(get('/half').then((response) => response.text())).rejects.toThrow();
    expect(await (await get('/error')).json()).toMatchObject({ status: 'error', errorType: 'bad_data' });
    expect(await (await get('/odd')).json()).toMatchObject({ warnings: ['partial'] });
    expect((await (await get('/huge')).text()).length).toBe(3_000_000);
    expect(await (await get('/slow')).text()).toContain('NaN');
    await expect(fetch(`${server.url}/hang`, { signal: AbortSignal.timeout(100) })).rejects.toThrow(
      /timeout/,
    );
    await expect(fetch(await faults.refusedUrl())).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    expect(server.requests.filter(({ url }) => url.startsWith('/retry')).map(({ method }) => method)).toEqual(
      ['GET', 'GET'],
    );
  });

  it('is a silent, a closing and a cutting Redis', async () => {
    const redis = await startRedis();
    const ask = async (url: string, commandTimeout = 10_000) => {
      const client = new Redis(url, {
        maxRetriesPerRequest: 0,
        retryStrategy: () => null,
        commandTimeout,
        enableReadyCheck: false,
      });
      client.on('error', () => {});
      try {
        return await client.set('acp:lost', 'written');
      } finally {
        client.disconnect();
      }
    };
    const silent = await startFaultyRedis('silent');
    await expect(ask(silent.url, 100)).rejects.toThrow(/timed out/);
    await expect(ask((await startFaultyRedis({ closeAfterBytes: 0 })).url)).rejects.toThrow();
    const slow = await startFaultyRedis({ proxy: { port: redis.port, latencyMs: 20 } });
    expect(await ask(slow.url)).toBe('OK');
    await redis.flush();
    const cut = await startFaultyRedis({
      proxy: { port: redis.port, cut: { after: 'acp:lost', replyBytes: 2, times: 1 } },
    });
    await expect(ask(cut.url)).rejects.toThrow();
    expect(await redis.cli('GET', 'acp:lost')).toBe('written');
    expect(await ask(cut.url)).toBe('OK');
    expect([silent.connections(), cut.connections()]).toEqual([1, 2]);
  });
});

describe('program', () => {
  const script = async (text: string) => {
    const file = join(await temporaryFolder('program'), 'program.mjs');
    await writeFile(file, text);
    return file;
  };

  it('runs with a clean environment and a closed stdin', async () => {
    const program = await script(`
      import { readFileSync } from 'node:fs';
      console.log(JSON.stringify([Object.keys(process.env).sort(), process.argv.slice(2), readFileSync(0, 'utf8')]));
      console.error('talk');
      process.exitCode = 5;`);
    const result = await runProgram(['triage'], { program, env: { RATELIMIT_RUNBOOK: 'aegis' } });
    expect({ ...result, stdout: JSON.parse(result.stdout), ms: 0 }).toEqual({
      code: 5,
      signal: undefined,
      stdout: [['HOME', 'PATH', 'RATELIMIT_RUNBOOK', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME'], ['triage'], ''],
      stderr: 'talk\n',
      ms: 0,
    });
    expect((await runProgram([], { program, input: 'yes' })).stdout).toContain('"yes"');
  });

  it('can be interrupted', async () => {
    const program = await script(`
      process.once('SIGINT', () => { process.exitCode = 130; clearInterval(timer); });
      const timer = setInterval(() => {}, 1000);
      console.log('ready');`);
    const { child } = await spawnProgram([], { program });
    child.stdout.once('data', () => child.kill('SIGINT'));
    expect((await child).exitCode).toBe(130);
  });

  it('is asked and answered in a terminal', async () => {
    const program = await script(`
      import { createInterface } from 'node:readline/promises';
      const prompt = createInterface({ input: process.stdin, output: process.stderr });
      const answer = await prompt.question('Sure? ');
      console.log([answer, process.argv[2], process.stdout.isTTY, process.stdout.columns].join('|'));
      prompt.close();
      process.exitCode = 6;`);
    const answers = [{ after: /Sure\?/, type: 'yes\r' }];
    const result = await runInTerminal(["it's"], { program, answers });
    expect(result.code).toBe(6);
    expect(result.output).toContain("yes|it's|true|100");
  });
});
