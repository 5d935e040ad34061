import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { refusedUrl } from '../support/faulty-http.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import { counter, openMetrics, series } from '../support/openmetrics.ts';
import { temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { block, IP, journaled, keysIn } from './block-ip-support.ts';
import { nowSeconds, type RunOptions } from './systems.ts';

const redis = freshRedis();

const run = async (words: readonly string[], options: RunOptions = {}) => {
  const { code, document } = await block(redis, words, options);
  return { code, document, guards: document.refusals.map(({ guard }) => guard) };
};
const OWN = 'whether it is your own address';
const SHARED = 'whether customers share it';

describe("the operator's own address", () => {
  const from = (ip: string): RunOptions => ({ env: { SSH_CONNECTION: `${ip} 52122 10.0.0.5 22` } });

  test.each([
    [IP, [IP]],
    [IP, ['203.0.113.0/24']],
    [IP, ['::ffff:203.0.113.42']],
    ['2001:DB8::42', ['2001:db8::42']],
    ['fe80::1%eth0', ['fe80::1', '--force-link-local']],
    ['::ffff:203.0.113.42', [IP]],
  ])('logged in from %s: %j is refused, and done with --force-own', async (own, words) => {
    const { code, guards, document } = await run(words, from(own));
    expect({ code, guards }).toEqual({ code: 6, guards: ['own'] });
    expect(document.message).toMatch(/: your own address, the one you are logged in from$/);
    expect(await redis.cli('DBSIZE')).toBe('0');
    const forced = await run([...words, '--force-own'], from(own));
    expect(forced.code).toBe(0);
    expect(forced.document.warnings.join()).not.toContain(OWN);
  });

  test('another one is no reason, and known to be none', async () => {
    const { code, document } = await run([IP], from('203.0.113.43'));
    expect(code).toBe(0);
    expect(document.warnings.join()).not.toContain(OWN);
  });

  test.each([{}, { SSH_CONNECTION: '' }, { SSH_CONNECTION: 'UNKNOWN 65535 UNKNOWN 65535' }])(
    'not known (%j): a warning, and done',
    async (env) => {
      const { code, document } = await run([IP], { env: env as Record<string, string> });
      expect(code).toBe(0);
      expect(document.warnings).toEqual([expect.stringContaining(OWN)]);
    },
  );
});

describe('an address that customers share', () => {
  const SIGNAL = `  rejects-by-source:
    title: 429s by source
    entity: { kind: ip, one: IP, many: IPs }
    unit: rejects/s
    sources:
      - { kind: prometheus-rate, metric: gateway_source_requests_total, match: { status: "429" }, by: ip, mix: tenant }
`;
  /** Who was rejected: address, tenant, how often a second. */
  const TRAFFIC: [ip: string, tenant: string, perSecond: number][] = [
    [IP, 'acme', 3],
    [IP, 'globex', 1],
    [IP, 'initech', 0.2],
    ['203.0.113.7', 'acme', 9],
    ['2001:db8::42', 'acme', 1],
    ['2001:db8::42', 'globex', 1],
    ['198.51.100.1', 'globex', 0],
  ];

  let runbook = '';
  let prometheus = '';
  const aimed = (...words: string[]) => [...words, '--runbook', runbook, '--prometheus-url', prometheus];
  beforeAll(async () => {
    const aegis = await readFile(new URL('../../src/runbooks/aegis.yaml', import.meta.url), 'utf8');
    const own = aegis
      .replace('\nsignals:\n', `\nsignals:\n${SIGNAL}`)
      .replace('shared: tenants-by-ip', 'shared: rejects-by-source');
    runbook = join(await temporaryFolder('runbook'), 'own.yaml');
    await writeFile(runbook, own);
    const now = nowSeconds();
    const all = TRAFFIC.map(([ip, tenant, perSecond]) =>
      series(
        'gateway_source_requests_total',
        { job: 'gateway', instance: 'gw-1:8000', ip, tenant, status: '429' },
        counter(now, { from: -3_600, to: 600, perSecond }),
      ),
    );
    prometheus = (await startPrometheus({ series: openMetrics(all) })).url;
  });

  test.each([
    [IP, 3],
    ['203.0.113.40/29', 3],
    ['2001:DB8::42', 2],
  ])('%s: %i tenants behind it', async (target, tenants) => {
    const home = await temporaryFolder('home');
    const { code, guards, document } = await run(aimed(target), { home });
    expect({ code, guards }).toEqual({ code: 6, guards: ['shared'] });
    expect(document.refusals[0]?.override).toBe('--force-shared');
    expect(document.message).toContain(`shared, ${tenants} tenants or users are behind it`);
    expect(await redis.cli('DBSIZE')).toBe('0');
    expect(journaled(home)).toEqual([]);
    const forced = await run(aimed(target, '--force-shared'), { home });
    expect({ code: forced.code, status: forced.document.status }).toEqual({ code: 0, status: 'applied' });
    expect(forced.document.warnings.join()).not.toContain(SHARED);
  });

  test.each(['203.0.113.7', '198.51.100.1', '203.0.113.99'])('%s: one tenant or none', async (target) => {
    const { code, document } = await run(aimed(target));
    expect(code).toBe(0);
    expect(document.warnings.join()).not.toContain(SHARED);
  });

  test.each(['--prometheus-url', '--runbook'])(
    'not known (another %s): a warning, and done',
    async (flag) => {
      const words = flag === '--runbook' ? [IP] : [...aimed(IP), flag, await refusedUrl()];
      const { code, document } = await run(words);
      expect(code).toBe(0);
      expect(document.warnings).toEqual([expect.stringContaining(SHARED)]);
    },
  );
});

describe('several reasons', () => {
  test('are told at once, each with its own flag', async () => {
    await redis.cli('SET', 'acp:auth_failures:10.0.0.5', '12', 'EX', '300');
    const words = ['10.0.0.5', '224.0.0.1', IP, '--prometheus-url', `http://${IP}:9090`];
    const env = { SSH_CONNECTION: `${IP} 52122 10.0.0.5 22` };
    const { code, guards, document } = await run(words, { env });
    expect(code).toBe(6);
    expect(guards).toEqual(['private', 'multicast', 'proxy', 'host', 'own']);
    expect(document.message?.split('\n')).toEqual(document.refusals.map(({ message }) => message));
    expect(await keysIn(redis)).toEqual(['acp:auth_failures:10.0.0.5']);

    const flags = ['private', 'multicast', 'proxy', 'host'].map((guard) => `--force-${guard}`);
    expect((await run([...words, ...flags], { env })).guards).toEqual(['own']);
    expect((await run([...words, ...flags, '--force-own'], { env })).code).toBe(0);
    expect(await redis.cli('DBSIZE')).toBe('4');
  });

  test('for people they are on stderr, each with the flag below it', async () => {
    const words = ['block-ip', '10.0.0.5', '224.0.0.1', '--yes', '--reason', 'x', '--redis-url', redis.url];
    const { code, stdout, stderr } = await runProgram(words);
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr).toMatch(
      /refused: 10\.0\.0\.5: private address[\s\S]*\n {2}--force-private overrides this\n/,
    );
    expect(stderr).toMatch(
      /refused: 224\.0\.0\.1: multicast address[\s\S]*\n {2}--force-multicast overrides this\n/,
    );
  });
});
