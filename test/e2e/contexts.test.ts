import { parse } from 'shell-quote';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusedUrl } from '../support/faulty-http.ts';
import { noise, singleIp, tenantOverRps } from '../support/incidents.ts';
import { deadPort, stopEverything, temporaryFolder } from '../support/processes.ts';
import { runInTerminal, runProgram, withoutProgress } from '../support/program.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { configure, named, triageSeveral } from './contexts-support.ts';
import { incidentAt, inDatabase, nowSeconds, prometheusWith } from './systems.ts';

// Real systems: `eu` and `us` are attacked by the same address, `us` has a tenant over its rate too, `calm` is at rest,
// nothing listens where `dead` is, `locked` takes other credentials, and `alias` is another name for `eu`.
const ATTACKER = '203.0.113.42';
const STUFFING = 'single-ip-credential-stuffing';

let redis: TestRedis;
let home = '';
let options: { home: string };
beforeAll(async () => {
  const now = nowSeconds();
  const rest = incidentAt(now);
  const attacked = incidentAt(now, noise(now), singleIp());
  const both = incidentAt(now, noise(now), singleIp(), tenantOverRps(now));
  const [server, atRest, busy, nobody] = await Promise.all([
    startRedis(),
    prometheusWith(rest),
    prometheusWith(both),
    refusedUrl(),
  ]);
  redis = server;
  await redis.load([...rest.redis, ...inDatabase(1, attacked.redis), ...inDatabase(2, both.redis)]);
  home = await temporaryFolder('home');
  options = { home };
  // A header makes it another tenant's Prometheus as far as the program can tell.
  const metrics = (tenant: string) => `{ url: "${atRest.url}", headers: { X-Scope-OrgID: ${tenant} } }`;
  const strange = redis.url.replace('//', '//triage:wrong@');
  await configure(home, {
    calm: `{ redis: "${redis.url}", prometheus: ${metrics('calm')} }`,
    us: `{ redis: "${redis.url}/2", prometheus: "${busy.url}" }`,
    eu: `{ redis: "${redis.url}/1", prometheus: ${metrics('eu')} }`,
    dead: `{ redis: "redis://127.0.0.1:${await deadPort()}", prometheus: "${nobody}" }`,
    locked: `{ redis: "${strange}/3", prometheus: ${metrics('locked')} }`,
    alias: `{ redis: "${redis.url}/1", prometheus: ${metrics('eu')} }`,
  });
});
afterAll(stopEverything);

const several = (...args: string[]) => triageSeveral(args, options);
const run = (...args: string[]) => runProgram(['triage', ...args], options);

describe('one document', () => {
  test('has each verdict in the order given, one over all, and what they share', async () => {
    const { code, document, stdout } = await several(...named('calm us eu'));
    expect(code).toBe(0);
    expect(Object.keys(document)).toEqual(
      'schema at verdict shared contexts warnings degraded timings'.split(' '),
    );
    const { contexts, verdict } = document;
    expect(document).toMatchObject({
      schema: 'ratelimit/triage-contexts/v1',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      shared: [{ kind: 'ip', id: ATTACKER, contexts: ['us', 'eu'] }],
      ...{ warnings: [], degraded: false, timings: { totalMs: expect.any(Number) } },
    });
    expect(verdict).toEqual({
      ...{ category: STUFFING, confidence: 'high', severity: 'P2', contexts: ['us', 'eu'] },
      summary: expect.stringMatching(
        /^3 contexts: us and eu .*; the same IP in us and eu: 203\.0\.113\.42; us also tenant-over-rps-cap; calm quiet \(medium\)$/,
      ),
    });
    expect(contexts.map(({ context, exitCode, error }) => ({ context, exitCode, error }))).toEqual(
      ['calm', 'us', 'eu'].map((context) => ({ context, exitCode: 0, error: null })),
    );
    expect(contexts.map(({ triage }) => [triage?.schema, triage?.context, triage?.verdict.category])).toEqual(
      [
        ['ratelimit/triage/v1', 'calm', 'quiet'],
        ['ratelimit/triage/v1', 'us', STUFFING],
        ['ratelimit/triage/v1', 'eu', STUFFING],
      ],
    );
    expect(contexts.map(({ triage }) => triage?.findings.map(({ category }) => category))).toEqual([
      [],
      [STUFFING, 'tenant-over-rps-cap'],
      [STUFFING],
    ]);
    expect(stdout).not.toContain('undefined');
  });

  /** Without the seconds since the last failure: one of the two runs may come a second later. */
  const ageless = (findings: unknown) =>
    JSON.parse(JSON.stringify(findings), (_, value) =>
      value?.code === 'ended' ? { ...value, measured: null, text: null } : value,
    );

  test('holds for a context what a triage of it alone says', async () => {
    const [{ document }, alone] = await Promise.all([
      several(...named('eu calm')),
      run('-o', 'json', '--context', 'eu'),
    ]);
    const own = JSON.parse(alone.stdout) as Record<string, unknown>;
    expect(own.schema).toBe('ratelimit/triage/v1');
    const keys = (value: object | null | undefined) => Object.keys(value ?? {});
    const inside = document.contexts[0]?.triage;
    expect(keys(inside)).toEqual(keys(own));
    expect(ageless(inside?.findings)).toEqual(ageless(own.findings));
  });

  test('suggests commands that reach the context that they are about', async () => {
    const { document } = await several(...named('us eu'));
    const commands = document.contexts.map(({ triage }) => triage?.findings[0]?.remedies[0]?.command ?? '');
    expect(commands.map((command) => command.split(' ').slice(-2))).toEqual([
      ['--context', 'us'],
      ['--context', 'eu'],
    ]);
    const [program, ...words] = parse(commands[1] ?? '').map(String);
    expect(program).toBe('ratelimit');
    expect(await runProgram([...words, '--yes', '--verify', '0'], options)).toMatchObject({ code: 0 });
    const blocked = (db: number) =>
      redis.cli(
        ...['EVAL', "redis.call('SELECT', ARGV[1]) return redis.call('EXISTS', KEYS[1])", '1'],
        ...[`acp:ip_block:${ATTACKER}`, `${db}`],
      );
    expect(await Promise.all([0, 1, 2].map(blocked))).toEqual(['0', '1', '0']);
    await redis.load(inDatabase(1, [['DEL', `acp:ip_block:${ATTACKER}`]]));
  });
});

describe('for people', () => {
  test('the line over all, each verdict under its heading, worst first, and the line again', async () => {
    const { code, stdout, stderr } = await run(...named('dead calm eu us'));
    expect({ code, stderr }).toEqual({ code: 5, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toBe(
      '4 contexts: eu and us P2 single-ip-credential-stuffing (high); the same IP in eu and us: 203.0.113.42; ' +
        'us also tenant-over-rps-cap; dead inconclusive (could not be read); calm quiet (medium)',
    );
    expect(lines.at(-2)).toBe(lines[0]);
    expect(lines.at(-1)).toMatch(/^4 contexts, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, \d+ ms$/);
    const headings = [...stdout.matchAll(/^=== (\w+) =+$/gm)].map(([, name]) => name);
    expect(headings).toEqual(['us', 'eu', 'dead', 'calm']);
    const [, eu = ''] = stdout.split(/^=== eu =+$/m);
    expect(eu).toMatch(/^\n\nP2 single-ip-credential-stuffing \(confidence high\): 203\.0\.113\.42 made /);
    expect(stdout).toContain(
      `ratelimit block-ip ${ATTACKER} --ttl 24h --reason credential_stuffing --context us`,
    );
    expect(stdout).toMatch(/^Each command above names its context; with several there is no menu\.$/m);
    expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  test('in a terminal it fits, says how many are still read, and asks nothing', async () => {
    const { code, output } = await runInTerminal(['triage', '--no-color', ...named('eu us')], options);
    expect(code).toBe(0);
    const lines = withoutProgress(output).split(/\r?\n/);
    const [first = '', second = ''] = lines;
    expect(first.length).toBeLessThanOrEqual(100);
    expect(`${first} ${second.trim()}`).toContain('the same IP in eu and us: 203.0.113.42');
    expect(output).not.toContain('What next?');
    expect(lines.at(-2)).toMatch(/^2 contexts, /);
  });

  test('--quiet and --verbose are about stderr alone', async () => {
    const loud = await run('-v', '-o', 'json', ...named('eu us'));
    expect(loud.stderr).toMatch(/^context eu\nauth-failures-by-ip: .*measured, \d+ ms\n/m);
    expect(loud.stderr).toMatch(/^context us\n/m);
    expect(JSON.parse(loud.stdout).schema).toBe('ratelimit/triage-contexts/v1');
    expect(await run('-q', ...named('eu us'))).toMatchObject({ code: 0, stderr: '' });
  });
});

test('as Markdown each context has a heading, and its verdict stands below it', async () => {
  const { code, stdout, stderr } = await run('-o', 'markdown', ...named('calm us'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n').filter((line) => /^#+ /.test(line))).toEqual([
    '# Triage of 2 contexts',
    '## us',
    '### P2 single-ip-credential-stuffing \\(confidence high\\)',
    '#### single-ip-credential-stuffing',
    '#### tenant-over-rps-cap',
    '## calm',
    '### quiet \\(confidence medium\\)',
  ]);
  expect(stdout).toMatch(
    /^2 contexts: us P2 single-ip-credential-stuffing \\\(high\\\); us also tenant-over-rps-cap; calm quiet/m,
  );
  expect(stdout).toContain(`--context us\n`);
});

describe('the exit code is the one that goes before the others', () => {
  test.each<[string, string[], number]>([
    ['calm', ['--context', 'calm'], 0],
    ['calm eu', [], 0],
    ['calm eu', ['--exit-code'], 3],
    ['calm alias', ['--exit-code'], 3],
    ['eu dead', ['--exit-code'], 5],
    ['calm dead', [], 5],
    ['eu locked', ['--exit-code'], 4],
    ['dead locked eu', ['--exit-code'], 4],
    ['dead locked nowhere', ['--exit-code'], 2],
  ])('of %s with %j', async (names, args, expected) => {
    expect((await run('-o', 'json', ...named(names), ...args)).code).toBe(expected);
  });

  test('each context has its own in the document, and what one could not see hides no other', async () => {
    const { code, document, stdout } = await several(...named('dead locked eu'), '--exit-code');
    expect(code).toBe(4);
    expect(document.contexts.map(({ context, exitCode }) => `${context} ${exitCode}`)).toEqual([
      'dead 5',
      'locked 4',
      'eu 3',
    ]);
    expect(document.degraded).toBe(true);
    expect(document.verdict).toMatchObject({ category: STUFFING, confidence: 'high', contexts: ['eu'] });
    expect(document.verdict.summary).toBe(
      '3 contexts: eu P2 single-ip-credential-stuffing (high); dead inconclusive (could not be read); locked inconclusive (access was refused)',
    );
    expect(stdout).not.toContain('wrong');
  });

  test('without a finding what could not be seen is the verdict, not that the others are quiet', async () => {
    const { document } = await several(...named('calm dead'));
    expect(document.verdict).toMatchObject({
      ...{ category: 'inconclusive', confidence: 'low', severity: null, contexts: ['dead'] },
      summary: '2 contexts: dead inconclusive (could not be read); calm quiet (medium)',
    });
  });
});

describe('two names for one system', () => {
  test('are said, and what they have in common is not told as shared', async () => {
    const { document } = await several(...named('eu alias'));
    expect(document.shared).toEqual([]);
    expect(document.verdict.contexts).toEqual(['eu', 'alias']);
    expect(document.warnings).toEqual([
      expect.stringMatching(/^eu and alias read the same Redis/),
      expect.stringMatching(/^eu and alias read the same Prometheus/),
    ]);
    const { stdout } = await run(...named('eu alias'));
    expect(stdout).toMatch(
      /^2 contexts: eu and alias P2 single-ip-credential-stuffing \(high\)\n\n {2}! eu and alias read the same Redis/,
    );
  });

  test('beside a third system they are one of two', async () => {
    const { document } = await several(...named('eu alias us'));
    expect(document.shared).toEqual([{ kind: 'ip', id: ATTACKER, contexts: ['eu', 'alias', 'us'] }]);
  });
});

test('ids from a system are inert in every format, and exact in JSON', async () => {
  const hostile = 'x\u001b[2J\u202e<!channel>';
  await redis.load(inDatabase(2, [['SET', `acp:auth_fail:${hostile}`, '7', 'EX', '200']]));
  const [human, markdown, json] = await Promise.all([
    run(...named('eu us')),
    run('-o', 'markdown', ...named('eu us')),
    several(...named('eu us')),
  ]);
  await redis.load(inDatabase(2, [['DEL', `acp:auth_fail:${hostile}`]]));
  expect(human.stdout).toContain('x\\x1b[2J\\u{202e}<!channel>');
  for (const { stdout } of [human, markdown, json]) {
    expect(stdout).not.toMatch(/(?!\n)\p{C}/u);
  }
  expect(markdown.stdout).not.toContain('<!channel>');
  const us = json.document.contexts[1]?.triage?.signals['auth-failures-by-ip'];
  expect(us?.rows.map(({ id }) => id)).toContain(hostile);
});
