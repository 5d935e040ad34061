import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { type LogsTarget, Secret } from '../../src/config/types.ts';
import { logsOf } from '../../src/drill/logs.ts';
import type { Adapter } from '../../src/evidence/collect.ts';
import type { Reading, Row } from '../../src/evidence/types.ts';
import { expand } from '../../src/incidents/expand.ts';
import { lineOf, momentsOf } from '../../src/incidents/log-lines.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { readLogs } from '../../src/signals/logs/adapter.ts';
import { answersOf, askOne, clock, httpTarget, row } from '../support/collecting.ts';
import * as faults from '../support/faulty-http.ts';
import { labelledOf } from '../support/labelled.ts';
import { startLoki, type TestLoki } from '../support/loki.ts';
import { stopEverything } from '../support/processes.ts';

// Loki is a server of the tests' own here, since no package of it is to be had: see test/support/loki.ts.

afterAll(stopEverything);

/** A runbook with one signal in logs. */
function runbookWith(source: string, kind = 'user') {
  const yaml = `
schema: ratelimit/runbook/v1
name: some-system
title: Some alert
severity: P3
thresholds: { much: { value: 5, unit: lines, because: for these tests } }
signals:
  limited:
    title: limited
    entity: { kind: ${kind}, one: one, many: many }
    unit: lines
    sources:
      - kind: logs-count
${source.replaceAll(/^/gm, '        ')}
quiet-needs: [[limited]]
categories:
  - id: much
    rank: 1
    title: Much
    pattern: much
    cause: much
    about: limited
    headline: [{ say: much }]
    when: { volume: { signal: limited, at-least: much } }
    respond: [{ id: wait, text: Wait. }]
`;
  return parseRunbook(yaml, 'some-system.yaml');
}

const BY_USER = `lines: [{ equals: { message: limiting by user } }]
by: user
streams: { app: shop }`;

let loki: TestLoki;
beforeAll(async () => {
  loki = await startLoki();
});
beforeEach(() => loki.clear());

const at = (url: string, more: Partial<LogsTarget> = {}): LogsTarget => ({
  ...{ kind: 'loki', http: httpTarget(url), selector: null },
  ...more,
});

const ask = (
  source: string,
  { kind = 'user', logs = at(loki.url), windowSeconds = 300 } = {},
): Promise<Reading> =>
  askOne(readLogs, 'limited', { runbook: runbookWith(source, kind), logs, windowSeconds });

/** Lines of the last minute. */
const lines = (count: number, line: unknown): [number, string][] =>
  Array.from({ length: count }, (_, index) => [
    Date.now() - 1_000 * (index % 60),
    typeof line === 'string' ? line : JSON.stringify(line),
  ]);

const byUser = (user: unknown) => ({ severity: 'DEBUG', message: 'limiting by user', user });
const APP = { app: 'shop' };

describe('lines are counted', () => {
  it('by a field, whatever its type, with shares of all that count', async () => {
    loki.push({ ...APP, pod: 'a' }, [
      ...lines(30, byUser('41')),
      ...lines(10, byUser(7)),
      ...lines(9, { message: 'other' }),
    ]);
    loki.push({ ...APP, pod: 'b' }, lines(20, byUser('41')));
    loki.push({ app: 'other' }, lines(50, byUser('41')));
    const reading = await ask(BY_USER);
    expect(reading).toMatchObject({ status: 'measured', total: 60, distinct: 2, live: true });
    expect(reading.rows.map(({ id, value }) => [id, value])).toEqual([
      ['41', 50],
      ['7', 10],
    ]);
    expect(row(reading, '41').share).toBeCloseTo(5 / 6, 9);
  });

  it('within the window alone', async () => {
    loki.push(APP, [...lines(3, byUser('41')), [Date.now() - 400_000, JSON.stringify(byUser('41'))]]);
    expect((await ask(BY_USER)).total).toBe(3);
    expect((await ask(BY_USER, { windowSeconds: 900 })).total).toBe(4);
    // Thresholds in lines hold for one time only.
    expect((await ask(`${BY_USER}\nover: 5m`, { windowSeconds: 900 })).total).toBe(3);
  });

  it('once each, in however many of the ways they are written', async () => {
    const source = `lines:
  - equals: { message: limited by ip }
  - has: { message: limited }
  - equals: { message: falling back to rate limiting by ip address }
by: ip
also-called: { ip: [address] }
streams: { app: shop }`;
    loki.push(APP, [
      ...lines(5, { message: 'limited by ip', ip: '203.0.113.9' }),
      ...lines(4, { message: 'falling back to rate limiting by ip address', address: '203.0.113.9' }),
      ...lines(2, { message: 'limited by ip', ip: '203.0.113.9', address: '192.0.2.1' }),
      ...lines(7, { message: 'nothing of the kind', ip: '203.0.113.9' }),
    ]);
    const reading = await ask(source, { kind: 'ip' });
    expect(reading.rows.map(({ id, value, public: isPublic }) => [id, value, isPublic])).toEqual([
      ['203.0.113.9', 11, true],
    ]);
  });

  it('as logfmt, by texts of the line, and by nested fields', async () => {
    loki.push(APP, lines(4, 'level=info msg="rate limited" key=api:user:5 who="a b"'));
    loki.push(APP, lines(2, { request: { user: { id: 'u1' } }, note: 'rate limited (again)' }));
    const logfmt = await ask(`format: logfmt
lines: [{ equals: { msg: rate limited }, has: { key: ":user:" } }]
by: key
streams: { app: shop }`);
    expect(logfmt.rows.map(({ id, value }) => [id, value])).toEqual([['api:user:5', 4]]);
    const nested = await ask(`contains: ["rate limited (again)"]
by: request.user.id
streams: { app: shop }`);
    expect(nested.rows.map(({ id, value }) => [id, value])).toEqual([['u1', 2]]);
    expect((await ask(`contains: [rate limited]\nstreams: { app: shop }`)).total).toBe(6);
  });

  it('with the mix of another field', async () => {
    loki.push(APP, [
      ...lines(6, { message: 'seen', ip: '198.51.100.7', user: 'a' }),
      ...lines(3, { message: 'seen', ip: '198.51.100.7', user: 'b' }),
      ...lines(9, { message: 'seen', ip: '198.51.100.7' }),
    ]);
    const source = (more: string) => `lines: [{ equals: { message: seen } }]
by: ip
mix: user
${more}
streams: { app: shop }`;
    const all = await ask(source(''), { kind: 'ip' });
    expect(row(all, '198.51.100.7')).toMatchObject({
      value: 18,
      labels: { user: { a: 6, b: 3, '(others)': 9 } },
    });
    const named = await ask(source('both-named: true'), { kind: 'ip' });
    expect(row(named, '198.51.100.7')).toMatchObject({ value: 9, labels: { user: { a: 6, b: 3 } } });
  });

  it('and names that are none are strangers, in the total and no subject', async () => {
    const hostile = '"} | line_format "{{.x}}';
    loki.push(APP, [
      ...lines(5, { message: 'seen', ip: hostile }),
      ...lines(3, { message: 'seen' }),
      ...lines(2, { message: 'seen', ip: '192.0.2.1' }),
    ]);
    const reading = await ask(`lines: [{ equals: { message: seen } }]\nby: ip\nstreams: { app: shop }`, {
      kind: 'ip',
    });
    expect(reading).toMatchObject({
      total: 10,
      distinct: 3,
      strangers: { distinct: 2, total: 8, largest: 5 },
    });
    expect(reading.rows.map(({ id, valid }) => [id, valid])).toEqual([
      [hostile, false],
      ['', false],
      ['192.0.2.1', true],
    ]);
  });

  it('by texts that LogQL would take for something else', async () => {
    const odd = 'a "quoted" \\ {text} | json `x` .* (50%) é';
    loki.push(APP, [
      ...lines(4, { message: odd, user: 'u' }),
      ...lines(3, { message: 'a quoted text', user: 'u' }),
    ]);
    const source = (way: string) =>
      `lines: [{ ${way}: { message: ${JSON.stringify(odd)} } }]\nby: user\nstreams: { app: shop }`;
    expect((await ask(source('equals'))).total).toBe(4);
    expect((await ask(source('has'))).total).toBe(4);
  });
});

describe('no line counts', () => {
  it('is empty where the streams are alive, with a sign of life', async () => {
    loki.push(APP, lines(5, { message: 'other' }));
    expect(await ask(BY_USER)).toMatchObject({
      ...{ status: 'empty', live: true, total: 0 },
      reason: 'no such line in the last 300 s (logs: message="limiting by user")',
    });
  });

  it('is empty without a sign of life where they had lines earlier', async () => {
    loki.push(APP, [[Date.now() - 3_600_000, '{"message":"other"}']]);
    expect(await ask(BY_USER)).toMatchObject({ status: 'empty', live: false });
  });

  it('is absent where there are no such streams', async () => {
    loki.push({ app: 'other' }, lines(5, byUser('41')));
    const reading = await ask(BY_USER);
    expect(reading).toMatchObject({
      status: 'absent',
      total: null,
      reason: 'no stream of the logs has app="shop"',
    });
  });

  it('is unknown where lines have the text and cannot be read as the runbook says', async () => {
    loki.push(APP, lines(5, 'DEBUG limiting by user user=41'));
    expect(await ask(BY_USER)).toMatchObject({
      ...{ status: 'unknown', cause: 'malformed' },
      reason: expect.stringContaining('5 lines have the text, and none of them is json with message'),
    });
  });

  it('is empty where lines merely have the text, in another field or in a longer one', async () => {
    loki.push(APP, lines(5, { message: 'limiting by user is off', user: '41' }));
    loki.push(APP, lines(2, { message: 'see the docs', note: 'limiting by user' }));
    loki.push(APP, lines(1, 'limiting by user, in plain text'));
    expect(await ask(BY_USER)).toMatchObject({ status: 'empty', live: true });
  });

  it('is absent where a source was not configured, or not which streams to read', async () => {
    const runbook = runbookWith(BY_USER);
    expect(await askOne(readLogs, 'limited', { runbook })).toMatchObject({
      status: 'absent',
      cause: 'not-configured',
    });
    const nowhere = runbookWith(BY_USER.replace(/streams.*/, ''));
    expect(await askOne(readLogs, 'limited', { runbook: nowhere, logs: at(loki.url) })).toMatchObject({
      ...{ status: 'absent', cause: 'not-configured' },
      reason: expect.stringContaining('logs.selector'),
    });
  });
});

test('the selector of the context stands in for the streams of the runbook', async () => {
  loki.push({ app: 'shop', env: 'prod' }, lines(3, byUser('41')));
  loki.push({ service_name: 'shop "2"' }, lines(8, byUser('41')));
  const selector = { service_name: 'shop "2"' };
  expect((await ask(BY_USER, { logs: at(loki.url, { selector }) })).total).toBe(8);
});

describe('credentials', () => {
  it('go as a token and as a tenant', async () => {
    const own = await startLoki({ token: 't0ken', tenant: 'team' });
    own.push(APP, lines(3, byUser('41')));
    const http = httpTarget(own.url, {
      bearerToken: new Secret('t0ken'),
      headers: { 'X-Scope-OrgID': 'team' },
    });
    expect((await ask(BY_USER, { logs: at('', { http }) })).total).toBe(3);
    const without = httpTarget(own.url, { bearerToken: new Secret('t0ken') });
    expect(await ask(BY_USER, { logs: at('', { http: without }) })).toMatchObject({
      ...{ status: 'unknown', cause: 'auth' },
      reason: expect.stringMatching(/^loki 127[^ ]+: HTTP 401, .*: no org id$/),
    });
  });
});

describe('more than fits', () => {
  it('is refused by Loki in its own words, which is unknown', async () => {
    const small = await startLoki({ maxSeries: 10 });
    small.push(APP, Array.from({ length: 40 }, (_, user) => lines(1, byUser(`u${user}`))).flat());
    expect(await ask(BY_USER, { logs: at(small.url) })).toMatchObject({
      ...{ status: 'unknown', cause: 'refused', total: null, rows: [] },
      reason: expect.stringContaining('HTTP 400: maximum number of series (10) reached for a single query'),
    });
  });

  it('is counted by Loki where its limit lets the largest through', async () => {
    loki.push(
      APP,
      Array.from({ length: 620 }, (_, user) => lines(user === 0 ? 9 : 1, byUser(`u${user}`))).flat(),
    );
    const reading = await ask(BY_USER);
    expect(reading).toMatchObject({ status: 'measured', total: 628, distinct: 620 });
    expect(reading.rows).toHaveLength(200);
    expect(row(reading, 'u0').share).toBeCloseTo(9 / 628, 9);
  });
});

test('an entity with more values of the other field than fit has its own sum all the same', async () => {
  const many = Array.from({ length: 640 }, (_, user) =>
    lines(1, { message: 'seen', ip: '198.51.100.7', user: `u${user}` }),
  );
  loki.push(APP, [...many.flat(), ...lines(3, { message: 'seen', ip: '192.0.2.1', user: 'a' })]);
  const reading = await ask(
    `lines: [{ equals: { message: seen } }]\nby: ip\nmix: user\nstreams: { app: shop }`,
    { kind: 'ip' },
  );
  expect(reading).toMatchObject({ total: 643, distinct: 2 });
  expect(row(reading, '198.51.100.7').value).toBe(640);
  expect(row(reading, '192.0.2.1')).toMatchObject({ value: 3, labels: { user: { a: 3 } } });
});

describe('what is no answer is unknown, with the reason', () => {
  const success = (data: unknown, more = {}) => faults.json({ status: 'success', data, ...more });
  const vector = (...values: string[]) => ({
    resultType: 'vector',
    result: values.map((value) => ({ metric: { ratelimit_1: '41' }, value: [1, value] })),
  });
  it.each([
    [
      'too many outstanding requests',
      faults.status(429, 'too many outstanding requests', { 'Content-Type': 'text/plain' }),
      'refused',
      /HTTP 429: too many outstanding requests$/,
    ],
    [
      'a parse error as text',
      faults.status(400, 'parse error at line 1, col 2: syntax error', {
        'Content-Type': 'text/plain; charset=utf-8',
      }),
      'refused',
      /HTTP 400: parse error at line 1/,
    ],
    [
      'an error as JSON',
      faults.json({ code: 422, message: 'query too long', status: 'error' }, 422),
      'refused',
      /HTTP 422: query too long$/,
    ],
    [
      'a failing server',
      faults.status(500, 'context canceled', { 'Content-Type': 'text/plain' }),
      'refused',
      /HTTP 500: context canceled$/,
    ],
    ['a page', faults.html(), 'malformed', /HTML, not JSON/],
    ['a page for a refusal', faults.html(502), 'refused', /HTTP 502$/],
    ['half of an answer', faults.halfBody('{"status":"success"}'), 'unreachable', /cut in the middle/],
    ['log lines', success({ resultType: 'streams', result: [] }), 'malformed', /not an instant vector/],
    ['a value that is none', success(vector('NaN')), 'malformed', /NaN, not a finite number/],
    ['an answer without end', faults.huge(9 * 1024 * 1024), 'malformed', /larger than 8 MiB.*logs\.selector/],
    ['silence', faults.hang, 'timeout', /no answer before the deadline/],
  ] as const)('%s', async (_, fault, cause, reason) => {
    const server = await faults.startFaultyHttp({ '*': fault });
    const runbook = runbookWith(BY_USER);
    const wanted = { runbook, logs: at(server.url), timeoutSeconds: fault === faults.hang ? 0.5 : 20 };
    expect(await askOne(readLogs, 'limited', wanted)).toMatchObject({
      ...{ status: 'unknown', cause },
      reason: expect.stringMatching(reason),
    });
    await server.stop();
  });

  it('an answer in part is a lower bound', async () => {
    const warnings = ['maximum number of series (1) reached for a single query; returning partial results'];
    const server = await faults.startFaultyHttp({ '*': success(vector('12'), { warnings }) });
    const [answer] = await answersOf(readLogs, ['limited'], {
      runbook: runbookWith(BY_USER),
      logs: at(server.url),
    });
    expect(answer?.reading).toMatchObject({ status: 'measured', total: 12 });
    expect(answer?.sources[0]).toMatchObject({
      status: 'unknown',
      cause: 'incomplete',
      sample: { id: '41', value: 12 },
    });
    await server.stop();
  });
});

test('a drill reads of an incident what a Loki tells that holds its lines', async () => {
  const runbook = parseRunbook(
    readFileSync(new URL('../../src/runbooks/verification-server.yaml', import.meta.url)),
    'verification-server.yaml',
  );
  const signals = Object.entries(runbook.signals).flatMap(([id, { sources }]) =>
    sources.some(({ kind }) => kind === 'logs-count') ? [id] : [],
  );
  for (const source of Object.values(runbook.signals).flatMap(({ sources }) => sources)) {
    if (source.kind === 'logs-count') source.over = null;
  }
  for (const name of ['user-both', 'nat-by-address', 'nat-by-realm-key', 'no-such-streams']) {
    const incident = labelledOf('verification-server').get(`verification-server/${name}`) ?? expect.fail();
    const nowMs = Date.now();
    const { logs } = expand(incident, { nowMs, clock });
    const own = await startLoki();
    for (const state of logs) {
      const line = lineOf(state);
      own.push(
        state.stream,
        momentsOf(state, 0).map((seconds) => [nowMs + seconds * 1_000, line]),
      );
    }
    // A window that has all of it, however slow the machine is.
    const wanted = { runbook, logs: at(own.url), windowSeconds: 900 };
    const told = async (adapter: Adapter) => {
      const answers = await answersOf(adapter, signals, wanted, 'logs-');
      return answers.map(({ reading }) => ({ ...reading, rows: [...reading.rows].sort(byId) }));
    };
    expect(await told(logsOf(() => ({ logs, atSeconds: 0 })))).toEqual(await told(readLogs));
    await own.stop();
  }
});

const byId = (a: Row, b: Row): number => (String(a.id) < String(b.id) ? -1 : 1);
