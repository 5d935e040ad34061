import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noise, singleIp } from '../support/incidents.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { configure, named, triageSeveral } from './contexts-support.ts';
import { errorDocument, expectError, incidentAt, inDatabase, nowSeconds, prometheusWith } from './systems.ts';

let redis: TestRedis;
let prometheus = '';
let home = '';
beforeAll(async () => {
  const now = nowSeconds();
  const [rest, attacked] = [incidentAt(now), incidentAt(now, noise(now), singleIp())];
  const [server, metrics] = await Promise.all([startRedis(), prometheusWith(rest)]);
  redis = server;
  await redis.load([...rest.redis, ...inDatabase(1, attacked.redis)]);
  prometheus = metrics.url;
});
afterAll(stopEverything);

const context = (db: number, rest = '') =>
  `{ redis: "${redis.url}/${db}", prometheus: "${prometheus}"${rest} }`;

/** A home folder with these contexts; each test has its own. */
async function homeWith(contexts: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder('home');
  await configure(folder, contexts);
  return folder;
}

/** What is refused says so on stderr for people and as an error document for scripts, and asks nobody anything. */
async function refused(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const asked = async () => /total_connections_received:(\d+)/.exec(await redis.cli('INFO', 'stats'))?.[1];
  const before = Number(await asked());
  const human = await runProgram(args, { home, env });
  expect(human.code).toBe(2);
  expectError(human);
  const json = await runProgram([...args, '-o', 'json'], { home, env });
  expect(json.code).toBe(2);
  const { message } = errorDocument(json);
  expect(human.stderr).toContain(message);
  // The harness itself connects once a question.
  expect(Number(await asked()) - before).toBe(1);
  return human.stderr;
}

describe('which contexts', () => {
  test('--all-contexts are those of the file, in its order, whatever else chooses one', async () => {
    home = await homeWith({ zeta: context(0), alpha: context(1), 'team/x:1@eu-2.b': context(2) });
    const options = { home, env: { RATELIMIT_CONTEXT: 'alpha' } };
    const { document } = await triageSeveral(['--all-contexts'], options);
    expect(document.contexts.map((one) => one.context)).toEqual(['zeta', 'alpha', 'team/x:1@eu-2.b']);
  });

  test('--all-contexts of one is the document of several, since the flag says which it is', async () => {
    home = await homeWith({ only: context(1) });
    const { code, document } = await triageSeveral(['--all-contexts', '--exit-code'], { home });
    expect(code).toBe(3);
    expect(document).toMatchObject({ schema: 'ratelimit/triage-contexts/v1', shared: [], warnings: [] });
    expect(document.verdict.summary).toBe('1 context: only P2 single-ip-credential-stuffing (high)');
  });

  test('one that is given twice counts once, wherever the flag stands', async () => {
    home = await homeWith({ eu: context(1), us: context(0) });
    const once = await runProgram(['--context', 'eu', 'triage', '-o', 'json', '--context=eu'], { home });
    expect(JSON.parse(once.stdout)).toMatchObject({ schema: 'ratelimit/triage/v1', context: 'eu' });
    const { document } = await triageSeveral(named('us eu us'), { home });
    expect(document.contexts.map((one) => one.context)).toEqual(['us', 'eu']);
  });

  test('RATELIMIT_CONTEXT is one, and a comma separates nothing', async () => {
    home = await homeWith({ eu: context(1), us: context(0) });
    for (const words of [
      await refused(['triage'], { RATELIMIT_CONTEXT: 'eu,us' }),
      await refused(['triage', '--context', 'eu,us']),
    ]) {
      expect(words).toMatch(/no context "eu,us" in .*Valid: eu, us/);
    }
  });

  test('each has its own thresholds, runbook and deadline', async () => {
    home = await homeWith({
      strict: context(1),
      lax: context(1, ', thresholds: { heavy-ip-failures: 4813 }'),
      own: context(1, ', runbook: runbooks/own.yaml, timeout: 3s'),
    });
    const folder = join(home, 'config', 'ratelimit', 'runbooks');
    await mkdir(folder, { recursive: true });
    const own = await runProgram(['runbook', 'new', join(folder, 'own.yaml')], { home });
    expect(own.code).toBe(0);
    const { document } = await triageSeveral(['--all-contexts'], { home });
    const verdicts = document.contexts.map(({ triage }) => `${triage?.runbook} ${triage?.verdict.category}`);
    expect(verdicts.slice(0, 2)).toEqual(['aegis single-ip-credential-stuffing', 'aegis inconclusive']);
    expect(verdicts[2]).toMatch(/^own /);
  });
});

describe('2: before anything is asked', () => {
  test('all that is wrong with all of them is told at once', async () => {
    home = await homeWith({
      good: context(0),
      secret: `{ redis: { url: "${redis.url}", password-file: none }, prometheus: "${prometheus}" }`,
      unfit: context(0, ', thresholds: { few-ip: 3 }, queries: { deploys: up }'),
      strange: context(0, ', runbook: aegsi'),
    });
    const words = await refused(['triage', ...named('secret good unfit nowhere strange')]);
    expect(words).toMatch(
      /config\.yaml:\d+: contexts\.secret\.redis\.password-file: cannot use the file .*none/,
    );
    expect(words).toMatch(/context unfit: thresholds\.few-ip: .*"few-ips"/);
    expect(words).toMatch(/context unfit: queries\.deploys: /);
    expect(words).toMatch(/no context "nowhere" in .*Valid: good, secret, unfit, strange/);
    expect(words).toMatch(/context strange: there is no runbook "aegsi"; did you mean "aegis"/);
  });

  test('what is wrong with a flag, or with the file itself, is told once', async () => {
    home = await homeWith({ eu: context(1), us: context(0) });
    const words = await refused(['triage', '--all-contexts', '--timeout', 'soon']);
    expect(words.match(/--timeout/g)).toHaveLength(1);
    await writeFile(join(home, 'config', 'ratelimit', 'config.yaml'), 'contexts:\n  eu: { redsi: x }\n');
    for (const which of [['--all-contexts'], named('eu us')]) {
      expect((await refused(['triage', ...which])).match(/redsi/g)).toHaveLength(1);
    }
  });

  test('--all-contexts without contexts', async () => {
    home = await temporaryFolder('home');
    expect(await refused(['triage', '--all-contexts'])).toMatch(
      /--all-contexts: there is no configuration file at .*config\.yaml/,
    );
    home = await homeWith({});
    await writeFile(join(home, 'config', 'ratelimit', 'config.yaml'), 'contexts: {}\n');
    expect(await refused(['triage', '--all-contexts'])).toMatch(
      /--all-contexts: .*config\.yaml has no contexts/,
    );
  });

  test.each<[string, string, string]>([
    ['--redis-url', 'RATELIMIT_REDIS_URL', 'redis://127.0.0.1:1'],
    ['--prometheus-url', 'RATELIMIT_PROMETHEUS_URL', 'http://127.0.0.1:1'],
    ['--api-url', 'RATELIMIT_API_URL', 'http://127.0.0.1:1'],
  ])('%s and %s, which would make all of them one system', async (flag, variable, url) => {
    home = await homeWith({ eu: context(1), us: context(0) });
    const why = /expected none with several contexts, since it would be the \w+ of each of them/;
    for (const which of [['--all-contexts'], named('eu us')]) {
      const [byFlag, byVariable] = [
        await refused(['triage', ...which, flag, url]),
        await refused(['triage', ...which], { [variable]: url }),
      ];
      expect(byFlag).toMatch(new RegExp(`${flag}: ${why.source}; leave it out`));
      expect(byVariable).toMatch(new RegExp(`${variable}: ${why.source}; unset it`));
    }
  });

  test.each<[string, string[], RegExp]>([
    [
      '--context beside --all-contexts',
      ['--all-contexts', '--context', 'eu'],
      /one of --context and --all-contexts/,
    ],
    ['--from', [...named('eu us'), '--from', 'x.json'], /--from judges the evidence of one run/],
    ['--save', [...named('eu us'), '--save', 'x.json'], /--save writes the evidence of one context/],
    ['--save with --redact', ['--all-contexts', '--save', 'x', '--redact'], /--save writes .* one context/],
  ])('%s', async (_, args, message) => {
    home = await homeWith({ eu: context(1), us: context(0) });
    expect(await refused(['triage', ...args])).toMatch(message);
  });

  test.each([
    ['block-ip', '203.0.113.42', '--yes', '--reason', 'test'],
    ['unblock-ip', '203.0.113.42', '--yes', '--reason', 'test'],
    ['raise-cap', 'agent-idle', '--to', '60.00', '--yes', '--reason', 'test'],
    ['kill-switch', 'engage', 'acme', '--yes', '--reason', 'test'],
    ['blocks'],
    ['doctor'],
    ['journal', 'show', 'X'],
    ['config', 'show'],
    ['runbook', 'show'],
    ['drill', '--list'],
  ])('several contexts of %s %s %s', async (...words) => {
    home = await homeWith({ eu: context(1), us: context(0) });
    const command = words.slice(0, /^(kill|jour|conf|runb)/.test(words[0] ?? '') ? 2 : 1).join(' ');
    const keys = async () =>
      (await redis.cli('DBSIZE')) + (await redis.cli('GET', 'acp:agent_cost_cap:agent-idle'));
    const before = await keys();
    expect(await refused([...words, ...named('eu us')])).toBe(
      `ratelimit: ${command} takes one --context, got 2: "eu", "us"\nOnly triage takes several.\n`,
    );
    expect(await refused([...words, '--all-contexts'])).toContain("unknown option '--all-contexts'");
    expect(await keys()).toBe(before);
    // The same one twice is one.
    expect((await runProgram(['config', 'show', ...named('eu eu')], { home })).code).toBe(0);
  });
});

test('within a drill --context means nothing, however often it is given', async () => {
  home = await temporaryFolder('home');
  const { code, stderr, stdout } = await runProgram(['drill', 'one-ip', '-o', 'json'], {
    home,
    input: 'triage --context drill --context eu\ntriage --all-contexts\ndone\n',
  });
  expect(code).toBe(0);
  expect(stderr).toContain('--context ignored: a drill has systems of its own');
  expect(stderr).toContain('1 context: drill P2 single-ip-credential-stuffing (high)');
  expect(JSON.parse(stdout)).toMatchObject({ schema: 'ratelimit/drill/v1' });
});
