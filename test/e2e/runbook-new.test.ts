import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { counter, gauge, openMetrics, series } from '../support/openmetrics.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { startRedis } from '../support/redis.ts';
import { expectError, nowSeconds, triage } from './systems.ts';

afterAll(stopEverything);

let home = '';
beforeEach(async () => {
  home = await temporaryFolder('home');
});
const run = (args: readonly string[], input?: string) =>
  runProgram(['runbook', ...args], { home, ...(input === undefined ? {} : { input }) });
const own = () => join(home, 'config', 'ratelimit', 'runbooks');

describe('runbook new', () => {
  test('prints a runbook that is valid', async () => {
    const { code, stdout, stderr } = await run(['new']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const checked = await run(['validate', '-'], stdout);
    expect(checked).toMatchObject({ code: 0, stderr: '' });
    expect(checked.stdout).toMatch(/^stdin is a valid runbook: my-system \(/);
    // Every kind of source is there to be copied.
    const kinds = [...stdout.matchAll(/kind: ((?:redis|prometheus)-[a-z]+)/g)].map(([, kind]) => kind);
    expect(new Set(kinds)).toEqual(
      new Set([
        ...['redis-counter', 'redis-entry', 'redis-spend', 'redis-eviction'],
        ...['prometheus-rate', 'prometheus-gauge', 'prometheus-age'],
      ]),
    );
  });

  test('writes it to a path, with the one folder that is missing, and never over a file', async () => {
    const made = await run(['new', 'ours/edge.yaml']);
    expect(made).toMatchObject({ code: 0, stdout: 'ours/edge.yaml written\n', stderr: '' });
    const file = join(home, 'ours', 'edge.yaml');
    expect(await readFile(file, 'utf8')).toContain('\nname: edge\n');
    expect((await run(['validate', 'ours/edge.yaml'])).code).toBe(0);

    await writeFile(file, 'mine');
    const again = await run(['new', 'ours/edge.yaml']);
    expect(again.code).toBe(2);
    expectError(again);
    expect(again.stderr).toContain('ours/edge.yaml exists already and was left as it is');
    expect(await readFile(file, 'utf8')).toBe('mine');
  });

  test('writes it by a name to the folder where --runbook finds it', async () => {
    const made = await run(['new', 'edge', '-o', 'json']);
    expect(made.code).toBe(0);
    expect(JSON.parse(made.stdout)).toEqual({
      schema: 'ratelimit/runbook-new/v1',
      file: join(own(), 'edge.yaml'),
      name: 'edge',
      yaml: null,
    });
    expect((await run(['validate', 'edge'])).code).toBe(0);
    expect((await stat(own())).mode & 0o077).toBe(0);
    expect((await run(['new', 'edge'])).stderr).toContain('edge.yaml exists already');
  });

  test.each([
    ['two folders that are missing', 'a/b/edge.yaml', 'cannot create the folder a/b: there is no folder a'],
    ['the name of a built-in runbook', 'aegis', 'aegis is the name of a built-in runbook'],
    ['what leads elsewhere', '..', 'expected a file such as ./my-system.yaml, or a name'],
    ['no name', 'My System', 'expected a file such as ./my-system.yaml, or a name'],
    ['a folder', './', 'exists already'],
    [
      'a folder that is a file',
      'file/x.yaml',
      'cannot create the folder file: a part of its path is not a folder',
    ],
  ])('refuses %s', async (_, file, message) => {
    await writeFile(join(home, 'file'), '');
    const result = await run(['new', file]);
    expect(result.code).toBe(2);
    expectError(result);
    expect(result.stderr).toContain(message);
    expect(await readdir(home)).toEqual(['file']);
  });

  test('leaves nothing behind where it may not write', async () => {
    if (process.getuid?.() === 0) return;
    await mkdir(join(home, 'closed'));
    await chmod(join(home, 'closed'), 0o500);
    const result = await run(['new', 'closed/x.yaml']);
    expect(result.stderr).toContain('cannot write closed/x.yaml: permission denied');
    expect(await readdir(join(home, 'closed'))).toEqual([]);
  });
});

describe('the runbook that it writes judges real servers', () => {
  const span = { from: -3600, to: 600, step: 15 } as const;
  const instance = { job: 'nginx', instance: 'edge-1:9113' };
  const rejects = (now: number, client: string, path: string, perSecond: number) =>
    series(
      'nginx_limit_req_rejected_total',
      { ...instance, zone: 'api', client, path },
      counter(now, { ...span, perSecond }),
    );
  const rest = (now: number) => [
    series('nginx_connections_active', instance, gauge(now, { ...span, value: 120 })),
    series('up', { job: 'backend', instance: 'api-1:80' }, gauge(now, { ...span, value: 1 })),
    series('process_start_time_seconds', instance, gauge(now, { ...span, value: now - 90_000 })),
    series(
      'nginx_limit_req_rejected_total',
      { ...instance, zone: 'web', client: 'x', path: '/' },
      counter(now, { ...span, perSecond: 1 }),
    ),
  ];
  async function judged(
    keys: string[][],
    more: (now: number) => ReturnType<typeof series>[],
  ): Promise<Awaited<ReturnType<typeof triage>>['document']> {
    const now = nowSeconds();
    const [redis, prometheus] = await Promise.all([
      startRedis(),
      startPrometheus({ series: openMetrics([...rest(now), ...more(now)]) }),
    ]);
    await redis.load([['SET', 'edge:budget:acme', '50.00'], ...keys]);
    await run(['new', 'edge']);
    const words = ['--runbook', 'edge', '--redis-url', redis.url, '--prometheus-url', prometheus.url];
    const { code, document } = await triage(words, { home });
    expect(code).toBe(0);
    expect(document.warnings).toEqual([]);
    return document;
  }

  test('nothing going on is quiet', async () => {
    const { verdict } = await judged([], () => []);
    expect(verdict).toMatchObject({ category: 'quiet', confidence: 'high' });
  });

  test('one address floods: a block is proposed, which knows the runbook', async () => {
    const { verdict, findings } = await judged(
      [['SET', 'edge:refused:203.0.113.42', '900', 'EX', '200']],
      () => [],
    );
    expect(verdict).toMatchObject({ category: 'address-flood', confidence: 'high' });
    expect(findings[0]?.remedies[0]?.command).toMatch(
      /^ratelimit block-ip 203\.0\.113\.42 --ttl 1h --reason flood --runbook edge --redis-url /,
    );
  });

  test('many clients at once', async () => {
    const { verdict } = await judged([], (now) =>
      ['a', 'b', 'c', 'd', 'e', 'f'].map((client) => rejects(now, client, '/orders', 2)),
    );
    expect(verdict).toMatchObject({ category: 'edge-overload', confidence: 'medium' });
  });

  test('one client, on /login alone, then on other paths', async () => {
    const login = await judged([], (now) => [rejects(now, 'acme', '/login', 6)]);
    expect(login.verdict.category).toBe('sign-in-flood');
    expect(login.findings.map(({ category }) => category)).toEqual(['sign-in-flood']);
    const mixed = await judged([], (now) => [
      rejects(now, 'acme', '/login', 6),
      rejects(now, 'acme', '/orders', 6),
    ]);
    expect(mixed.verdict.category).toBe('client-over-limit');
    expect(mixed.verdict.summary).toBe('client acme alone: 12 rejects/s (100% of all)');
  });
});
