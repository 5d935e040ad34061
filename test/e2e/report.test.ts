import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openJournal } from '../../src/journal/log.ts';
import type { NewEvent } from '../../src/journal/types.ts';
import { counter, gauge, series } from '../support/openmetrics.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import type { TestPrometheus } from '../support/prometheus.ts';
import { documentText } from '../support/readme-region.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { errorDocument, incidentAt, nowSeconds, prometheusWith, unhurried } from './systems.ts';

// An incident of the last half hour in a real Prometheus: one address stuffed credentials, and was blocked.

/** What the tests read of `ratelimit/report/v1`. */
interface ReportDocument {
  title: string;
  periodBy: string;
  redacted: boolean;
  summary: {
    category: string;
    state: string;
    why: string | null;
    began: { at: string; by: string } | null;
    ended: { at: string } | null;
    operators: string[];
    text: string[];
  };
  timeline: { at: string; kind: string; text: string }[];
  affected: { kind: string; id: string; responses: string[] }[];
  responses: {
    id: string;
    operator: string;
    effects: {
      chart: string;
      series: string | null;
      before: { value: number } | null;
      after: { value: number } | null;
      text: string;
    }[];
  }[];
  charts: {
    signal: string;
    pointsFrom: string;
    reason: string | null;
    series: { id: string; points: unknown[] }[];
  }[];
  alerts: { periods: { name: string }[] };
  looks: { file: string | null; category: string }[];
  keptLooks: unknown;
  journal: { state: string; intact: boolean; problems: string[]; elsewhere: number };
  notes: string[];
  degraded: boolean;
}

const now = nowSeconds();
const BEGAN = -25 * 60;
const BLOCKED = -8 * 60;
const IP = '203.0.113.42';

let redis: TestRedis;
let prometheus: TestPrometheus;
let systems: string[] = [];
/** The home of somebody who blocked the address. */
let home = '';

beforeAll(async () => {
  const failures = (offset: number) => (offset >= BEGAN && offset < BLOCKED ? 18 : 0.01);
  const labels = { job: 'gateway', instance: 'gw-1:8000' };
  const incident = incidentAt(now, {
    redis: [['SET', `acp:auth_fail:192.0.2.7`, '2', 'EX', '290']],
    series: [
      series(
        'acp_auth_failures_total',
        { ...labels, reason: 'invalid_api_key' },
        counter(now, { from: -2 * 3600, to: 600, perSecond: failures }),
      ),
      series(
        'ALERTS',
        { alertname: 'AuthFailureSpike', alertstate: 'firing', severity: 'warning' },
        gauge(now, { from: BEGAN + 180, to: BLOCKED, value: 1 }),
      ),
      series(
        'acp_gateway_request_total',
        { ...labels, tenant_id: 'secret-tenant', path: '/execute', method: 'POST', status: '429' },
        counter(now, { from: -2 * 3600, to: 600, perSecond: 0.3 }),
      ),
    ],
  });
  [redis, prometheus] = await Promise.all([startRedis(), prometheusWith(incident)]);
  await redis.load(incident.redis);
  systems = ['--redis-url', redis.url, '--prometheus-url', prometheus.url];
  home = await temporaryFolder('home');
  await journaled(home, BLOCKED, block('01JWD8Q2Z4N7XK3T5V9B0C6F1G', redis.url));
});
afterAll(stopEverything);

/** What a remedy leaves in the journal. */
function block(id: string, url: string): NewEvent[] {
  const change = {
    ...({
      system: 'redis',
      target: `acp:ip_block:${IP}`,
      before: null,
      message: null,
      verified: null,
    } as const),
    after: { value: 'stuffing', ttlSeconds: 86_400, expiresAt: null },
  } as const;
  return [
    {
      ...{ event: 'intent', id, remedy: 'block-ip', operator: 'alice', reason: 'stuffing', context: null },
      ...{ runbook: 'aegis', systems: { redis: url, api: null }, systemAt: null, undoes: null },
      changes: [{ ...change, status: 'planned' }],
    },
    { event: 'outcome', id, status: 'applied', changes: [{ ...change, status: 'applied' }] },
    { event: 'verified', id, verified: 'enforced', text: 'its failures stopped' },
  ];
}

const journalIn = (folder: string): string => join(folder, 'state', 'ratelimit', 'journal.jsonl');

/** Writes events into somebody's journal as of so many seconds from now on. */
async function journaled(folder: string, offset: number, events: readonly NewEvent[]): Promise<void> {
  const journal = openJournal({
    folder: join(folder, 'state', 'ratelimit'),
    ...{ pid: process.pid, probe: () => {} },
    clock: { now: () => (now + offset) * 1_000, iso: (ms) => new Date(ms).toISOString() },
  });
  for (const event of events) await journal.append(event);
}

async function report(args: readonly string[], options: Parameters<typeof runProgram>[1] = { home }) {
  const result = await runProgram(['report', '-o', 'json', ...unhurried(args)], options);
  expect(result.stderr).toBe('');
  return { ...result, document: JSON.parse(result.stdout) as ReportDocument };
}

/** Seconds from now on. */
const offsetOf = (iso: string | undefined): number => Math.round(Date.parse(iso ?? '') / 1000 - now);

describe('what triage saw before', () => {
  const failing = ['SET', `acp:auth_fail:${IP}`, '4812', 'EX', '290'];
  const triage = (home: string, more: readonly string[] = []) =>
    runProgram(['triage', '-o', 'json', '--timeout', '60s', ...systems, ...more], { home });
  const categoryOf = ({ stdout }: { stdout: string }) => JSON.parse(stdout).verdict.category;
  const attacked = async <T>(work: () => Promise<T>): Promise<T> => {
    await redis.load([failing]);
    return work().finally(() => redis.cli('DEL', `acp:auth_fail:${IP}`));
  };

  test('is in the report made afterwards, as far as it can be read', async () => {
    const own = await temporaryFolder('home');
    const folder = join(own, 'state', 'ratelimit', 'looks');
    expect(categoryOf(await attacked(() => triage(own)))).toBe('single-ip-credential-stuffing');
    for (const _ of [1, 2]) expect(categoryOf(await triage(own))).toBe('quiet');
    const kept = (await readdir(folder)).sort();
    expect(kept.map((name) => name.split('_')[2])).toEqual(['single-ip-credential-stuffing', 'quiet']);
    // One that was damaged, and one of another context.
    const damaged = (kept[0] ?? '').replace(/\.\d{3}Z/, (ms) => (ms === '.000Z' ? '.001Z' : '.000Z'));
    await writeFile(join(folder, damaged), '{"schema":');
    await writeFile(join(folder, (kept[0] ?? '').replace(/[0-9a-f]{12}\.json$/, 'ffffffffffff.json')), '{}');

    const { document, code } = await report([...systems, '--since', '10m'], { home: own });
    expect(code).toBe(0);
    expect(document.keptLooks).toEqual({
      ...{ read: 2, left: 0, elsewhere: 1 },
      skipped: [
        { file: expect.stringContaining(damaged), reason: expect.stringContaining('not complete JSON') },
      ],
    });
    expect(document.looks.map(({ file, category }) => [file === null, category])).toEqual([
      ...[
        [false, 'single-ip-credential-stuffing'],
        [false, 'quiet'],
      ],
      [true, 'quiet'],
    ]);
    expect(document.summary).toMatchObject({ category: 'single-ip-credential-stuffing', state: 'over' });
    expect(document.affected).toContainEqual(expect.objectContaining({ kind: 'ip', id: IP }));
    // They are captures like others.
    const again = await runProgram(['triage', '--from', join(folder, kept[0] ?? ''), '-o', 'json']);
    expect(categoryOf(again)).toBe('single-ip-credential-stuffing');
  });

  test('is not kept where it cannot be, or is not to be, and triage is the same', async () => {
    const [without, unwilling] = [await temporaryFolder('home'), await temporaryFolder('home')];
    await writeFile(join(without, 'state'), 'no folder');
    await mkdir(join(unwilling, 'config', 'ratelimit'), { recursive: true });
    await writeFile(
      join(unwilling, 'config', 'ratelimit', 'config.yaml'),
      'current-context: a\ncontexts: { a: { keep-looks: false } }\n',
    );
    await attacked(async () => {
      const [plain, verbose, off] = [
        await triage(without),
        await triage(without, ['-v']),
        await triage(unwilling),
      ];
      expect([plain.code, verbose.code, off.code]).toEqual([0, 0, 0]);
      expect([plain, verbose, off].map(categoryOf)).toEqual(Array(3).fill('single-ip-credential-stuffing'));
      expect([plain.stderr, off.stderr]).toEqual(['', '']);
      expect(verbose.stderr).toMatch(/^! what this look found is not kept for a report, in .*looks: /m);
    });
    await expect(readdir(join(unwilling, 'state', 'ratelimit', 'looks'))).rejects.toThrow('ENOENT');
  });
});

describe('of the last hour', () => {
  let found: Awaited<ReturnType<typeof report>>;
  beforeAll(async () => {
    found = await report(systems);
  });

  test('says what it was, from when to when, and that it is over', () => {
    const { code, document } = found;
    expect(code).toBe(0);
    expect(document).toMatchObject({ periodBy: 'default', redacted: false, degraded: false });
    expect(document.summary).toMatchObject({
      category: 'quiet',
      state: 'over',
      why: null,
      operators: ['alice'],
    });
    // A rate is of a minute, and a chart has a point every 15 seconds.
    expect(document.summary.began?.by).toBe('chart');
    expect(Math.abs(offsetOf(document.summary.began?.at) - BEGAN)).toBeLessThanOrEqual(75);
    expect(Math.abs(offsetOf(document.summary.ended?.at) - BLOCKED)).toBeLessThanOrEqual(75);
  });

  test('has alerts, rates, remedies and verdicts in order', () => {
    const { timeline, alerts } = found.document;
    expect(alerts.periods.map(({ name }) => name)).toEqual(['AuthFailureSpike']);
    const kinds = timeline.map(({ kind }) => kind);
    expect(kinds.slice(0, 3)).toEqual(['chart', 'alert', 'remedy']);
    expect(kinds.at(-1)).toBe('verdict');
    expect(timeline.map(({ at }) => at)).toEqual(timeline.map(({ at }) => at).toSorted());
  });

  test('shows what the block did', () => {
    const [response] = found.document.responses;
    const effect = response?.effects.find(
      ({ chart, series }) => chart === 'auth-failures-by-reason' && series === null,
    );
    expect(effect?.before?.value).toBeCloseTo(18, 0);
    expect(effect?.after?.value).toBeLessThan(1);
    expect(effect?.text).toMatch(/it fell by (?:99|more than 99)/);
    expect(found.document.affected).toMatchObject([{ kind: 'ip', id: IP, responses: [response?.id] }]);
  });

  test('docs/json.md tells of every key', () => {
    const text = documentText('docs/json.md').split('## A report')[1] ?? '';
    const keys = new Set<string>();
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const [key, value] of Object.entries(node)) {
        if (!Array.isArray(node)) keys.add(key);
        // Names of labels and kinds are nobody's of ours.
        if (key !== 'labels' && key !== 'affectedMore') walk(value);
      }
    };
    walk(found.document);
    expect(keys.size).toBeGreaterThan(60);
    for (const key of keys) expect(text, key).toContain(`\`${key}\``);
  });

  test('for people, and for a wiki', async () => {
    const [human, markdown] = await Promise.all([
      runProgram(['report', ...systems], { home }),
      runProgram(['report', '-o', 'markdown', ...systems], { home }),
    ]);
    expect(human.stdout).toMatch(/^Incident report\n[\s\S]*alice blocked 203\.0\.113\.42 at/);
    expect(markdown.stdout).toMatch(/^# Incident report\n[\s\S]*\n## Timeline[\s\S]*\n## Follow-ups/);
    expect([human.code, markdown.code]).toEqual([0, 0]);
  });
});

test('entries about other systems are left out and counted; a changed journal is told, and what it says with it', async () => {
  const other = await temporaryFolder('home');
  await journaled(other, BLOCKED, [
    ...block('01JWD8Q2Z4N7XK3T5V9B0C6F1G', redis.url),
    ...block('01JWD8Q2Z4N7XK3T5V9B0C6F2H', 'redis://10.0.0.9:6379'),
  ]);
  const whole = await report(systems, { home: other });
  expect(whole.document.journal).toMatchObject({ state: 'read', intact: true, elsewhere: 1 });
  expect(whole.document.responses).toHaveLength(1);

  const file = journalIn(other);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('"operator":"alice"', '"operator":"mallory"'));
  const changed = await report(systems, { home: other });
  expect(changed.code).toBe(0);
  expect(changed.document.journal).toMatchObject({ intact: false });
  expect(changed.document.journal.problems[0]).toMatch(/^line 1 was changed/);
  expect(changed.document.responses.map(({ operator }) => operator)).toEqual(['mallory']);
  expect(changed.document.notes.join('\n')).toMatch(/signs of having been changed[^\n]*line 1/);
});

test('what was done by hand stands at the time that was said, with the rates before and after it', async () => {
  const own = await temporaryFolder('home');
  const step = ['--step', 'load-balancer-deny-list', '--at', new Date((now + BLOCKED) * 1_000).toISOString()];
  const note = ['journal', 'note', 'asked the hoster to drop it', '--operator', 'bob', ...step];
  expect((await runProgram([...note, ...systems], { home: own })).code).toBe(0);
  const { document } = await report([...systems, '--since', '45m'], { home: own });
  const [told, ...others] = document.timeline.filter(({ kind }) => kind === 'note');
  expect([offsetOf(told?.at), others]).toEqual([BLOCKED, []]);
  expect(told?.text).toBe('bob by hand (load-balancer-deny-list): asked the hoster to drop it');
  expect(document.responses).toMatchObject([{ operator: 'bob' }]);
  expect(document.responses[0]?.effects[0]?.text).toMatch(/it fell by (?:99|more than 99)/);
});

test('without a journal nothing was done from this machine; nothing at all is exit 7', async () => {
  const empty = await temporaryFolder('home');
  const { code, document } = await report([...systems, '--since', '2m'], { home: empty });
  expect(document.summary).toMatchObject({ state: 'nothing' });
  expect(code).toBe(7);
  expect(document.journal.state).toBe('missing');
  expect(document.summary.text.join(' ')).toMatch(/Nothing was done from this machine, which has no journal/);
});

test('what could not be read is said, and degrades', async () => {
  const { code, document } = await report([
    '--redis-url',
    redis.url,
    '--prometheus-url',
    'http://127.0.0.1:1',
  ]);
  expect(code).toBe(5);
  expect(document.degraded).toBe(true);
  const chart = document.charts.find(({ signal }) => signal === 'auth-failures-by-reason');
  expect(chart?.reason).toMatch(/connection refused/);
  expect(chart?.reason).not.toMatch(/nothing is recorded/);
  expect(document.responses[0]?.effects.every(({ before }) => before === null)).toBe(true);
});

test('a time in the past is told by what was kept of it', async () => {
  const until = new Date((now - 2 * 60) * 1_000).toISOString();
  const { code, document } = await report([...systems, '--since', '30m', '--until', until]);
  expect(code).toBe(0);
  expect(document.looks).toEqual([]);
  expect(document).toMatchObject({ periodBy: 'asked', summary: { state: 'over', category: null } });
});

test.each([
  [['--since', 'tomorrow'], /Expected a duration before now/],
  [['--since', '2026-13-45'], /is no time/],
  [['--since', '2026-02-30T03:00Z'], /2026-02-30T03:00Z is no time: there is no such day/],
  [['--since', '5m', '--until', '10m'], /expected --since to be before --until/],
  [['--since', '2099-01-01T00:00Z'], /expected --since to be before now/],
  [['--from', '/nowhere.json'], /\/nowhere\.json cannot be judged: no such file/],
])('report %j is refused', async (args, message) => {
  const result = await runProgram(['report', '-o', 'json', ...args]);
  expect(result.code).toBe(2);
  expect(errorDocument(result).message).toMatch(message);
});

describe('of captures', () => {
  let folder = '';
  let saved = '';
  beforeAll(async () => {
    folder = await temporaryFolder('captures');
    saved = join(folder, 'now.json');
    const { code } = await runProgram(['triage', ...systems, '--save', saved]);
    expect(code).toBe(0);
  });

  test('one has charts, alerts and the effect, and no system is asked', async () => {
    // One file, by two names.
    const { code, document } = await report(['--from', `${folder}/./now.json`, saved]);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      periodBy: 'captures',
      summary: { state: 'over', operators: ['alice'] },
    });
    expect(document.looks).toMatchObject([{ file: saved, category: 'quiet' }]);
    const chart = document.charts.find(({ signal }) => signal === 'auth-failures-by-reason');
    expect(chart).toMatchObject({ pointsFrom: 'capture', reason: null, series: [{ id: 'invalid_api_key' }] });
    expect(chart?.series[0]?.points.length).toBeGreaterThan(200);
    expect(document.alerts.periods).toHaveLength(1);
    expect(document.responses[0]?.effects[0]?.text).toMatch(/it fell by (?:99|more than 99)/);
  });

  test('that were redacted name nobody, and the journal with the real names is left out', async () => {
    const file = join(folder, 'redacted.json');
    await runProgram(['triage', ...systems, '--save', file, '--redact']);
    const text = await readFile(file, 'utf8');
    expect(text).not.toContain('secret-tenant');
    const { document } = await report(['--from', file]);
    expect(document).toMatchObject({ redacted: true, responses: [] });
    const chart = document.charts.find(({ signal }) => signal === 'rejects-by-tenant');
    expect(chart?.series.map(({ id }) => id)).toEqual(['tenant-1']);
  });

  test('of different systems, of a newer version, edited or cut are refused in a sentence', async () => {
    const text = await readFile(saved, 'utf8');
    const capture = JSON.parse(text) as Record<string, unknown>;
    const file = async (name: string, content: string): Promise<string> => {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    const bad: [string, string, RegExp][] = [
      ['cut.json', text.slice(0, text.length / 2), /cut\.json cannot be judged: it is not complete JSON/],
      [
        'newer.json',
        JSON.stringify({ ...capture, schema: 'ratelimit/capture/v3' }),
        /newer\.json cannot be judged: schema: expected ratelimit\/capture\/v2 .*, which a newer ratelimit wrote/,
      ],
      [
        'edited.json',
        JSON.stringify({ ...capture, extra: 1 }),
        /edited\.json cannot be judged: the document: it holds "extra", which this version does not know/,
      ],
      [
        'other.json',
        JSON.stringify({ ...capture, context: 'staging' }),
        /these captures are of different systems[\s\S]*no context: .*now\.json[\s\S]*context "staging": .*other\.json/,
      ],
    ];
    for (const [name, content, message] of bad) {
      const path = await file(name, content);
      const result = await runProgram(['report', '-o', 'json', '--from', saved, path]);
      expect(result.code, name).toBe(2);
      expect(errorDocument(result).message).toMatch(message);
    }
    // As a glob over the looks that were kept has them.
    const many = Array.from({ length: 51 }, (_, index) => join(folder, `${index}.json`));
    const result = await runProgram(['report', '-o', 'json', '--from', ...many]);
    expect(result.code).toBe(2);
    expect(errorDocument(result)).toMatchObject({
      message: '51 captures are too many for one report, at most 50 are read',
      hint: expect.stringContaining('ratelimit report --since chooses'),
    });
  });
});
