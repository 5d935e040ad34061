import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agentOverCap, noise, singleIp, tenantOverRps } from '../support/incidents.ts';
import { counter, series } from '../support/openmetrics.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startRedis } from '../support/redis.ts';
import { errorDocument, expectError, incidentAt, nowSeconds, prometheusWith, triage } from './systems.ts';

const FIRST = new URL('../fixtures/capture-v1.json', import.meta.url);

let folder = '';
let systems: string[] = [];
let saved = '';
beforeAll(async () => {
  folder = await temporaryFolder('recorded');
  const now = nowSeconds();
  const strange = ['__proto__', 'constructor', '\u001b[2J'].map((path) =>
    series(
      'acp_gateway_request_total',
      { job: 'gateway', instance: 'gw-1:8000', tenant_id: 'acme', method: 'POST', path, status: '429' },
      counter(now, { to: 600, perSecond: 1 }),
    ),
  );
  const incident = incidentAt(now, ...[noise(now), singleIp(), tenantOverRps(now), agentOverCap(now)], {
    redis: [['SET', 'acp:auth_fail:\u202e', '7', 'EX', '290']],
    series: strange,
  });
  const [redis, prometheus] = await Promise.all([startRedis(), prometheusWith(incident)]);
  await redis.load([...incident.redis, ['SET', Buffer.from('acp:auth_fail:\xff', 'latin1'), '5']]);
  systems = ['--redis-url', redis.url, '--prometheus-url', prometheus.url];
  saved = join(folder, 'incident.json');
});
afterAll(stopEverything);

test('--save, then --from on a machine that reaches nobody: the same document', async () => {
  const live = await triage([...systems, '--exit-code', '--save', saved]);
  expect(live.code).toBe(3);
  expect(live.document.findings).toHaveLength(3);
  expect((await stat(saved)).mode & 0o777).toBe(0o600);

  // Nothing is read from them.
  const again = await triage([...systems, '--exit-code', '--from', saved]);
  expect(again.code).toBe(3);
  expect(again.stdout).toBe(live.stdout);

  const elsewhere = await triage([
    ...['--from', saved],
    ...['--redis-url', 'redis://127.0.0.1:1', '--prometheus-url', 'http://127.0.0.1:1'],
  ]);
  expect(elsewhere.document.degraded).toBe(false);
  expect(elsewhere.document.signals).toEqual(live.document.signals);
  // What is suggested reaches the system that was recorded, not the one that is configured here.
  expect(elsewhere.document.findings).toEqual(live.document.findings);
  const commands = live.document.findings.flatMap(({ remedies }) => remedies.flatMap((r) => r.command ?? []));
  const reach = `--redis-url ${systems[1]}`;
  expect(commands.map((command) => command.split(' ', 3).join(' '))).toEqual([
    ...['ratelimit block-ip 203.0.113.42', 'ratelimit caps agent-7', 'ratelimit raise-cap agent-7'],
  ]);
  for (const command of commands) expect(command.slice(-reach.length - 1)).toBe(` ${reach}`);
  expect(JSON.parse(await readFile(saved, 'utf8')).evidence.reach).toEqual(reach.split(' '));
});

test('for people, a recorded incident says that it is one', async () => {
  const file = join(folder, 'for-people.json');
  const live = await runProgram(['triage', ...systems, '--save', file]);
  const again = await runProgram(['triage', ...systems, '--from', file]);
  expect(live.stdout).not.toMatch(/recorded/);
  expect(again.stdout).toMatch(/recorded/);
  expect(again.stdout.split('\n', 1)).toEqual(live.stdout.split('\n', 1));
});

test('evidence of the first version still opens', async () => {
  const { code, document } = await triage(['--from', fileURLToPath(FIRST)]);
  expect(code).toBe(0);
  expect(document.findings.map(({ category }) => category)).toEqual([
    'single-ip-credential-stuffing',
    'agent-over-cost-cap',
  ]);
});

test('--redact: other addresses and ids, and the same verdict', async () => {
  const file = join(folder, 'redacted.json');
  const live = await triage([...systems, '--save', file, '--redact']);
  const text = await readFile(file, 'utf8');
  for (const name of ['203.0.113.42', 'acme', 'globex', 'agent-7', 'gw-1', '192.0.2.', ...systems.slice(1)]) {
    expect(text, name).not.toContain(name);
  }
  // What the runbook asks for by name is no secret, and is needed.
  expect(text).toContain('/execute');
  const again = await triage(['--from', file]);
  const shape = ({ document }: typeof live) => ({
    verdict: [document.verdict.category, document.verdict.confidence],
    findings: document.findings.map(({ category, confidence, subjects, caveats }) => ({
      ...{ category, confidence, kinds: subjects.map(({ kind }) => kind) },
      caveats: caveats.map(({ code }) => code),
    })),
    totals: Object.values(document.signals).map(({ total }) => total),
  });
  expect(shape(again)).toEqual(shape(live));
  expect(again.document.context).toBe(null);
});

test('flags that contradict each other', async () => {
  for (const [args, why] of [
    [['--redact'], /--redact is about the file of --save/],
    [['--save', join(folder, 'x.json'), '--from', saved], /expected one of --save and --from/],
  ] as const) {
    const result = await runProgram(['triage', '-o', 'json', ...args]);
    expect(result.code).toBe(2);
    expect(errorDocument(result).message).toMatch(why);
  }
});

test('another runbook judges it too: what it asks for and is not there was not seen', async () => {
  const runbook = join(folder, 'other.yaml');
  await runProgram(['runbook', 'new', runbook]);
  const { code, document } = await triage(['--from', saved, '--runbook', runbook]);
  expect(code).toBe(5);
  expect(document.runbook).toBe('other');
  expect(document.verdict).toMatchObject({ category: 'inconclusive', confidence: 'low' });
});

test('what was unknown stays unknown, and degraded', async () => {
  const file = join(folder, 'degraded.json');
  const dead = [...systems.slice(0, 2), '--prometheus-url', 'http://127.0.0.1:1'];
  expect((await triage([...dead, '--save', file])).code).toBe(5);
  const again = await triage(['--from', file]);
  expect(again.code).toBe(5);
  expect(again.document.signals['rejects-by-tenant']).toMatchObject({ status: 'unknown' });
});

describe('--save', () => {
  test('never writes over a file', async () => {
    const file = join(folder, 'mine.txt');
    await writeFile(file, 'precious');
    const result = await runProgram(['triage', ...systems, '--save', file]);
    expect(result.code).toBe(2);
    expectError(result);
    expect(result.stderr).toContain(`${file}: it exists already`);
    expect(await readFile(file, 'utf8')).toBe('precious');
  });

  test('to where nothing can be written', async () => {
    const result = await runProgram([
      'triage',
      ...systems,
      '-o',
      'json',
      '--save',
      join(folder, 'no', 'no', 'f'),
    ]);
    expect(result.code).toBe(2);
    expect(errorDocument(result).message).toMatch(/cannot create the folder .*: there is no folder/);
  });
});

describe('--from a file that is none', () => {
  let good = '';
  beforeAll(async () => {
    const file = join(folder, 'good.json');
    await runProgram(['triage', ...systems, '--save', file]);
    good = await readFile(file, 'utf8');
  });
  type Capture = { evidence: { signals: Record<string, Record<string, unknown>> } & Record<string, unknown> };
  const changed = (change: (capture: Capture) => void) => {
    const capture = JSON.parse(good) as Capture;
    change(capture);
    return JSON.stringify(capture);
  };

  const CASES: Record<string, () => string> = {
    empty: () => '',
    'not JSON': () => 'acp:auth_fail:203.0.113.42 4812\n',
    'cut short': () => good.slice(0, -200),
    'another document': () => '{"schema":"ratelimit/triage/v1","at":"2026-05-29T03:12:04Z"}',
    'a list': () => '[]',
    null: () => 'null',
    'a key too many': () => changed((capture) => Object.assign(capture, { extra: 1 })),
    'a key too few': () => changed(({ evidence }) => delete evidence.windowSeconds),
    'a text where a number is': () =>
      changed(({ evidence: { signals } }) =>
        Object.assign(signals['auth-failures-by-ip'] ?? {}, { total: '6812' }),
      ),
    'an unheard-of status': () =>
      changed(({ evidence: { signals } }) =>
        Object.assign(signals['auth-failures-by-ip'] ?? {}, { status: 'fine' }),
      ),
    'rows that are not rows': () =>
      changed(({ evidence: { signals } }) =>
        Object.assign(signals['auth-failures-by-ip'] ?? {}, { rows: [1, null] }),
      ),
    'no word of what reaches the system': () => changed(({ evidence }) => delete evidence.reach),
    'words of a command that a terminal acts on': () =>
      changed(({ evidence }) => Object.assign(evidence, { reach: ['--context', '\u001b[2J'] })),
    'words of a command that are lines': () =>
      changed(({ evidence }) => Object.assign(evidence, { reach: ['--context', 'prod\nreboot'] })),
    'a command in place of its words': () =>
      changed(({ evidence }) => Object.assign(evidence, { reach: '--context prod' })),
    'as it was written when commands were of redis-cli': () =>
      changed(({ evidence }) => {
        delete evidence.reach;
        Object.assign(evidence, { redisCli: { words: ['-p', '6379'], needsPassword: false } });
      }),
    'no time': () => changed(({ evidence }) => Object.assign(evidence, { at: 'yesterday' })),
    'a number beyond all numbers': () => changed(() => {}).replace(/"total":\d+/, '"total":1e999'),
    nested: () => '['.repeat(200_000),
  };

  test.each(Object.entries(CASES))('%s', async (name, content) => {
    const file = join(folder, `${name.replaceAll(' ', '-')}.broken`);
    await writeFile(file, content());
    const result = await runProgram(['triage', '--from', file]);
    expect(result.code).toBe(2);
    expectError(result);
    // One sentence and the hint.
    expect(result.stderr.split('\n')).toHaveLength(3);
    expect(result.stderr).toMatch(/^ratelimit: .*\.broken cannot be judged: \S.*\n.*--save <file>\.\n$/);
    expect(result.stderr.length).toBeLessThan(600);
  });

  test('missing, a folder, forbidden, endless', async () => {
    const locked = join(folder, 'locked.json');
    await writeFile(locked, '{}');
    await chmod(locked, 0o000);
    await mkdir(join(folder, 'folder'));
    for (const [file, why] of [
      [join(folder, 'none.json'), /no such file/],
      [join(folder, 'folder'), /folder|directory/i],
      [locked, /permission denied|: the document: |schema/i],
      ['/dev/null', /not complete JSON/],
      ['', /cannot be judged/],
    ] as const) {
      const result = await runProgram(['triage', '-o', 'json', '--from', file]);
      expect(result.code).toBe(2);
      const { message } = errorDocument(result);
      expect(message).toMatch(why);
      expect(message).not.toMatch(/E[A-Z]{4,}[,:]/);
    }
  });

  test('a signal that is not in it was not seen', async () => {
    const file = join(folder, 'other.json');
    await writeFile(
      file,
      changed(({ evidence }) => Object.assign(evidence, { signals: {} })),
    );
    const { document, code } = await triage(['--from', file]);
    expect(document.verdict.category).toBe('inconclusive');
    expect(document.signals['auth-failures-by-ip']).toMatchObject({ status: 'unknown', total: null });
    expect(code).toBe(5);
  });
});
