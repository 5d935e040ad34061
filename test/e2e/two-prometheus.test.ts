import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { calm, merge, tenantOverRps } from '../support/incidents.ts';
import { openMetrics } from '../support/openmetrics.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startPrometheus, type TestPrometheus } from '../support/prometheus.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { configShow, nowSeconds, triage } from './systems.ts';

// A context with two Prometheus, each of which sees a part of the gateways, and one gateway that both see.

afterAll(stopEverything);

let redis: TestRedis;
let servers: readonly TestPrometheus[];
let home: string;
const hostOf = ({ url }: TestPrometheus) => new URL(url).host;

beforeAll(async () => {
  const now = nowSeconds();
  const all = merge(calm(now), tenantOverRps(now));
  const seen = (names: RegExp) => openMetrics(all.series.filter(({ id }) => names.test(id)));
  [redis, servers] = await Promise.all([
    startRedis(),
    Promise.all([/gw-[12]:/, /gw-[234]:/].map((names) => startPrometheus({ series: seen(names) }))),
  ]);
  await redis.load(all.redis);
  home = await homeWith(servers.map(({ url }) => url));
});

async function homeWith(urls: readonly string[]): Promise<string> {
  const folder = await temporaryFolder('home');
  const file = join(folder, 'config', 'ratelimit', 'config.yaml');
  await mkdir(dirname(file), { recursive: true });
  const context = { redis: redis.url, prometheus: urls };
  await writeFile(file, JSON.stringify({ 'current-context': 'two', contexts: { two: context } }));
  return folder;
}

test('triage adds up what they see, and what both see counts once', async () => {
  const { code, document } = await triage([], { home });
  expect(code).toBe(0);
  expect(document).toMatchObject({
    degraded: false,
    warnings: [],
    verdict: { category: 'tenant-over-rps-cap' },
  });
  // 12 on the first gateway, 6 on the second (which both see), 4 on the third.
  expect(document.signals['rejects-by-tenant']?.total).toBeCloseTo(22, 6);
  expect(document.signals.inflight).toMatchObject({ total: 48 });
  expect(document.signals.deploys?.rows).toHaveLength(4);
  expect(document.findings[0]?.remedies.map(({ command }) => command).join()).not.toMatch(/prometheus-url/);
});

describe('with one that cannot be read', () => {
  let broken: string;
  beforeAll(async () => {
    const [first] = servers;
    broken = await homeWith([first?.url ?? '', 'http://127.0.0.1:9']);
  });

  test('the numbers of the other stand as the least that there is, and exit code 5', async () => {
    const { code, document } = await triage([], { home: broken });
    expect(code).toBe(5);
    expect(document.degraded).toBe(true);
    expect(document.signals['rejects-by-tenant']).toMatchObject({ status: 'measured' });
    expect(document.signals['rejects-by-tenant']?.total).toBeCloseTo(18, 6);
    expect(document.warnings.join()).toMatch(
      /rejects-by-tenant: prometheus 127\.0\.0\.1:9: connection refused/,
    );
    expect(document.verdict.category).toBe('tenant-over-rps-cap');
    expect(document.verdict.confidence).not.toBe('high');
  });

  test('a recording for others names none of them, and is judged the same', async () => {
    const file = join(broken, 'incident.json');
    const live = await triage(['--save', file, '--redact'], { home: broken });
    const text = await readFile(file, 'utf8');
    for (const host of [...servers.map(hostOf), '127.0.0.1:9:']) expect(text).not.toContain(host);
    const again = await triage(['--from', file], { home: broken });
    expect(again.code).toBe(live.code);
    expect(again.document.verdict.category).toBe(live.document.verdict.category);
    expect(again.document.verdict.confidence).toBe(live.document.verdict.confidence);
  });

  test('people see it too', async () => {
    const { code, stdout } = await runProgram(['triage'], { home: broken });
    expect(code).toBe(5);
    expect(stdout).toMatch(/prometheus 127\.0\.0\.1:9: connection refused/);
  });
});

test('doctor asks each of them and says which is which', async () => {
  const { stdout, stderr } = await runProgram(['doctor', '-o', 'json'], { home });
  expect(stderr).toBe('');
  const { checks } = JSON.parse(stdout) as { checks: { code: string; source: string | null }[] };
  const at = (code: string) => checks.flatMap((check) => (check.code === code ? check.source : []));
  const names = servers.map((server) => `Prometheus ${hostOf(server)}`);
  expect(at('prometheus-version')).toEqual(names);
  expect(at('clock-agrees')).toEqual(['Redis', ...names]);
  const human = await runProgram(['doctor'], { home });
  for (const name of names) expect(human.stdout).toContain(name);
});

test('config show lists each with its place', async () => {
  const shown = await configShow({ home });
  expect(servers.map((_, index) => shown.of(`prometheus[${index}].url`))).toEqual(
    servers.map(({ url }) => `${url} (context)`),
  );
  expect(shown.of('prometheus.url')).toBeUndefined();
});

test('a flag stands for all of them', async () => {
  const [first] = servers;
  const { document } = await triage(['--prometheus-url', first?.url ?? ''], { home });
  expect(document.signals['rejects-by-tenant']?.total).toBeCloseTo(18, 6);
});

test('the address of none of them is blocked', async () => {
  const listed = await homeWith(['http://198.51.100.9:9090', 'http://198.51.100.17:9090']);
  for (const address of ['198.51.100.9', '198.51.100.17']) {
    const words = ['block-ip', address, '--reason', 'test', '--yes', '--verify', '0', '-o', 'json'];
    const { code, stdout } = await runProgram(words, { home: listed });
    expect(code).toBe(6);
    expect(stdout).toContain('the address of Prometheus');
  }
});
