import { describe, expect, test } from 'vitest';
import type { Alert } from '../../src/evidence/alert.ts';
import type { Evidence } from '../../src/evidence/types.ts';
import type { Entry } from '../../src/journal/types.ts';
import { unknownsText } from '../../src/output/report-notes.ts';
import { alertsOf } from '../../src/report/captured-alerts.ts';
import { chartsOf } from '../../src/report/charts.ts';
import { mergedHistory } from '../../src/report/merge-history.ts';
import type { Report } from '../../src/report/model.ts';
import { subjectsOf } from '../../src/report/subjects.ts';
import { judge } from '../../src/verdict/judge.ts';
import {
  absent,
  aegis,
  agents,
  builtIn,
  counters,
  crowd,
  evidence,
  rejects,
  unknown,
} from '../support/evidence.ts';
import { at, blockEntry, captureAt, chart, line, stuffing } from '../support/report.ts';
import { reportOf, WHOLE_JOURNAL } from '../support/report-of.ts';

const time = (ms: number | null | undefined): string | null =>
  ms == null ? null : new Date(ms).toISOString().slice(11, 19);

const kinds = ({ timeline }: Report): string[] => timeline.map(({ kind, atMs }) => `${time(atMs)} ${kind}`);

/** An attack while it lasts, and what is left of it: nothing. */
const attack = evidence({ 'auth-failures-by-ip': counters({ '203.0.113.42': 4812, ...crowd(40, 2) }) });

/** What was done about a tenant. */
function killEntry(time: string, more: Partial<Entry> = {}): Entry {
  const entry = blockEntry(time, { remedy: 'kill-switch', ...more });
  const target = 'POST https://aegis.example/decision/kill-switch/acme';
  return { ...entry, changes: entry.changes.map((change) => ({ ...change, system: 'api', target })) };
}

/** A report by charts of 429s that were like this. */
function ofRejects(
  value: (ms: number) => number | null,
  more: Parameters<typeof captureAt>[2] = {},
  entries = [killEntry('03:00:00')],
) {
  const tenant = evidence({ 'rejects-by-tenant': rejects({ acme: { '/execute': 6, '/agents': 6 } }) });
  const all = line('acme', '02:30:00', '03:20:00', value);
  const history = [chart('rejects-by-tenant', [all], { ...all, id: '' })];
  const alertHistory = { names: aegis.alerts, periods: [], stepSeconds: 15, reason: null, cause: null };
  return reportOf([captureAt('03:20:00', tenant, { history, alertHistory, ...more })], entries);
}

describe('whose rates before and after are told', () => {
  const raised = (lines: readonly ReturnType<typeof line>[]) => {
    const value = (ms: number) => (ms < at('03:00:00') ? 8 : 0);
    const total = line('', '02:30:00', '03:20:00', value);
    const history = [chart('rejects-by-tenant', lines, total)];
    const alertHistory = { names: [], periods: [], stepSeconds: 15, reason: null, cause: null };
    const facts = evidence({ 'agent-spend': agents({ 'agent-7': [5, '5.00'] }) });
    const [change] = blockEntry('03:00:00').changes;
    const changes = change === undefined ? [] : [{ ...change, target: 'acp:agent_cost_cap:agent-7' }];
    const entry = blockEntry('03:00:00', { remedy: 'raise-cap', changes });
    return reportOf([captureAt('03:20:00', facts, { history, alertHistory })], [entry]);
  };
  const half = (id: string, from: string, share: number) =>
    line(id, from, '03:20:00', (ms) => (ms < at('03:00:00') ? 8 * share : 0));
  const told = ({ responses, charts }: Report) =>
    responses[0]?.effects.flatMap(({ chart: index, series }) =>
      charts[index]?.id === 'rejects-by-tenant' ? [series] : [],
    );

  test('of a remedy about an agent the only tenant that there is, else all of them together', () => {
    const alone = raised([half('acme', '02:30:00', 1)]);
    expect(told(alone)).toEqual(['acme']);
    // The title of a line that is all there is names nobody.
    const titles = alone.charts.map(({ title }) => title);
    const named = alone.responses[0]?.effects.map(({ series }) => series ?? '') ?? [];
    expect(named.filter((series) => titles.includes(series))).toEqual([]);
    expect(told(raised([half('acme', '02:30:00', 0.5), half('globex', '02:30:00', 0.5)]))).toEqual([null]);
    // Somebody else had a part in it, whoever that was.
    expect(told(raised([half('acme', '02:30:00', 0.9)]))).toEqual([null]);
  });
});

describe('the whole of it', () => {
  const { captures, entries } = stuffing();
  const report = reportOf(captures, entries);

  test('from when to when, how bad, by whom, and that it is over', () => {
    const { summary } = report;
    expect({ ...summary, began: null, ended: null }).toMatchObject({
      ...{ category: 'single-ip-credential-stuffing', also: [], severity: 'P2', confidence: 'high' },
      ...{ state: 'over', why: null, operators: ['alice'], look: 0 },
    });
    expect([time(summary.began?.atMs), summary.began?.by]).toEqual(['02:52:15', 'chart']);
    // The rate fell before the alert resolved, whose window remembers.
    expect([time(summary.ended?.atMs), summary.ended?.by]).toEqual(['03:14:15', 'chart']);
    expect(summary.durationSeconds).toBe(22 * 60);
  });

  test('in order of time', () => {
    expect(kinds(report)).toEqual([
      ...['02:52:15 rises', '02:56:30 alert-fires', '03:12:04 verdict', '03:14:10 remedy'],
      ...['03:14:15 falls', '03:19:15 alert-resolves', '03:24:30 verdict'],
    ]);
    expect(report.marks.map(({ kind, label }) => `${kind} ${label}`)).toEqual([
      'alert AuthFailureSpike fires',
      ...['verdict single-ip-credential-stuffing', 'remedy block-ip 203.0.113.42'],
      ...['alert AuthFailureSpike resolves', 'verdict quiet'],
    ]);
  });

  test('whom it was about, and what was done about them', () => {
    expect(report.affected).toMatchObject([
      { kind: 'ip', id: '203.0.113.42', subject: true, peak: { value: 4812 }, responses: [0] },
    ]);
    expect(report.affectedMore).toEqual({});
  });

  test('captures that overlap are one chart, in order and without doubles', () => {
    const points = report.charts.find(({ id }) => id === 'auth-failures-by-reason')?.series[0]?.points ?? [];
    const times = points.map(([ms]) => ms);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect([time(times[0]), time(times.at(-1))]).toEqual(['02:12:15', '03:24:30']);
    expect(points.some(([, value]) => value === null)).toBe(false);
  });

  test('what is to be done afterwards does not begin with what this is', () => {
    expect(report.followUps).toHaveLength(aegis.afterwards.length - 1);
    expect(report.followUps.join()).not.toMatch(/ratelimit report/);
  });
});

describe('the effect of a remedy', () => {
  const effect = (report: Report) => report.responses[0]?.effects.find(({ series }) => series === null);

  test('is the mean before and after, without what still looks back on the time before', () => {
    const found = effect(ofRejects((ms) => (ms <= at('03:00:00') ? 10 : ms <= at('03:01:00') ? 5 : 1)));
    expect(found).toMatchObject({ before: { value: 10, points: 20 }, reason: null, mixed: false });
    expect(found?.after).toMatchObject({ points: 21 });
    // The first one is of the minute that ends right then.
    expect(found?.after?.value).toBeCloseTo((5 + 20) / 21, 6);
    expect(time(found?.after?.fromMs)).toBe('03:01:00');
  });

  test('is not known where a gap hides it, and no gap counts as zero', () => {
    const before = effect(ofRejects((ms) => (ms <= at('03:00:00') ? null : 1)));
    expect(before).toMatchObject({ before: null, reason: 'no-samples-before' });
    const after = effect(ofRejects((ms) => (ms <= at('03:00:00') ? 10 : null)));
    expect(after).toMatchObject({ after: null, reason: 'no-samples-after' });
    const holes = effect(ofRejects((ms) => ((ms / 15_000) % 2 === 0 ? 8 : null)));
    expect([holes?.before?.value, holes?.after?.value]).toEqual([8, 8]);
  });

  test('is not known too soon', () => {
    const report = ofRejects(() => 10, {}, [killEntry('03:19:30')]);
    expect(effect(report)).toMatchObject({ after: null, reason: 'too-soon' });
  });

  test('of two at once is nobody’s alone', () => {
    const second = killEntry('03:02:00', { id: '01JWD8Q2Z4N7XK3T5V9B0C6F2H', operator: 'bob' });
    const report = ofRejects(() => 10, {}, [killEntry('03:00:00'), second]);
    expect(report.responses.map(({ effects }) => effects.map(({ mixed }) => mixed))).toEqual([
      expect.arrayContaining([true]),
      expect.arrayContaining([true]),
    ]);
  });

  test('of what changed nothing beside it is its own', () => {
    const second = killEntry('03:02:00', { id: '01JWD8Q2Z4N7XK3T5V9B0C6F2H', status: 'conflict' });
    expect(effect(ofRejects(() => 10, {}, [killEntry('03:00:00'), second]))).toMatchObject({ mixed: false });
  });

  test('of what failed is not told', () => {
    expect(
      ofRejects(() => 10, {}, [killEntry('03:00:00', { status: 'failed' })]).responses[0]?.effects,
    ).toEqual([]);
  });
});

describe('is it over?', () => {
  const state = (report: Report) => [report.summary.state, report.summary.why];
  const firing = (toMs: number | null) => ({
    alertHistory: {
      ...{ names: aegis.alerts, stepSeconds: 15, reason: null, cause: null },
      periods: [{ name: 'RateLimitSpike', labels: {}, fromMs: at('03:00:00'), toMs, open: false }],
    },
  });

  const unread = {
    history: [],
    alertHistory: {
      ...{ names: aegis.alerts, stepSeconds: 15, periods: [] },
      ...{ reason: 'prometheus: connection refused', cause: 'unreachable' as const },
    },
  };

  test.each([
    ['a finding at the last look', [captureAt('03:12:04', attack)], ['going-on', null]],
    [
      'quiet at the last look',
      [captureAt('03:12:04', attack), captureAt('03:24:00', evidence())],
      ['over', null],
    ],
    [
      'quiet while an alert fires',
      [captureAt('03:12:04', attack), captureAt('03:24:00', evidence(), firing(null))],
      ['unknown', 'alert-fires'],
    ],
    ['nothing at all', [captureAt('03:24:00', evidence())], ['nothing', null]],
    [
      'nothing, as far as could be read',
      [captureAt('03:24:00', evidence(), { ...unread })],
      ['unknown', 'not-seen'],
    ],
    ['an alert that resolved', [captureAt('03:24:00', evidence(), firing(at('03:10:00')))], ['over', null]],
    [
      'what could not be seen',
      [
        captureAt('03:12:04', attack),
        captureAt(
          '03:24:00',
          evidence({
            'auth-failures-by-ip': unknown('timeout', 'late'),
            'auth-failures-total': unknown('timeout', 'late'),
          }),
        ),
      ],
      ['unknown', 'inconclusive'],
    ],
  ])('%s', (_, captures, expected) => {
    expect(state(reportOf(captures, []))).toEqual(expected);
  });

  test('an alert of an earlier capture that a later one does not know of does not fire on', () => {
    const kept = (
      from: string,
      to: string,
      periods: ReturnType<typeof firing>['alertHistory']['periods'],
    ) => ({
      history: [
        chart(
          'rejects-by-tenant',
          [],
          line('', from, to, () => 0.1),
        ),
      ],
      alertHistory: { ...firing(null).alertHistory, periods },
    });
    const { periods } = firing(null).alertHistory;
    const first = captureAt('03:12:00', attack, kept('02:12:00', '03:12:00', periods));
    const second = captureAt('05:00:00', evidence(), kept('04:00:00', '05:00:00', []));
    const report = reportOf([first, second], []);
    expect(state(report)).toEqual(['over', null]);
    expect(report.summary.ended).toEqual({ atMs: at('04:00:00'), by: 'alert', open: true });
    expect(state(reportOf([first, captureAt('05:00:00', evidence())], []))).toEqual([
      'unknown',
      'alert-fires',
    ]);
  });

  test('rates that have fallen speak against a counter that remembers', () => {
    const report = ofRejects((ms) => (ms > at('02:40:00') && ms < at('03:00:00') ? 9 : 0.01));
    expect(state(report)).toEqual(['unknown', 'rates-fell']);
    expect(kinds(report).filter((one) => /rises|falls/.test(one))).toEqual([
      '02:40:15 rises',
      '03:00:00 falls',
    ]);
  });

  test('without a sign of the beginning the first look bounds it', () => {
    const { summary } = reportOf([captureAt('03:12:04', attack), captureAt('03:24:00', evidence())], []);
    expect(summary.began).toEqual({ atMs: at('03:12:04'), by: 'verdict', open: true });
    expect(summary.ended).toEqual({ atMs: at('03:24:00'), by: 'verdict', open: true });
  });
});

describe('who was part of it', () => {
  test('of a crowd its largest, and how many more', () => {
    const facts = evidence({ 'auth-failures-by-ip': counters(crowd(80, 15)) });
    const { affected, affectedMore, summary } = reportOf([captureAt('03:12:04', facts)], []);
    expect(summary.category).toBe('distributed-credential-stuffing');
    expect(affected.filter(({ kind }) => kind === 'ip')).toHaveLength(20);
    expect(affectedMore).toEqual({ ip: 60 });
  });

  test('whoever was loud in a chart is there, though it was over when somebody looked', () => {
    const kept = (rate: number) => {
      const all = line('acme', '02:30:00', '03:20:00', (ms) => (ms < at('03:00:00') ? rate : 0));
      return captureAt('03:20:00', evidence(), {
        history: [chart('rejects-by-tenant', [all], { ...all, id: '' })],
        alertHistory,
      });
    };
    const alertHistory = { names: aegis.alerts, periods: [], stepSeconds: 15, reason: null, cause: null };
    expect(reportOf([kept(12)], []).affected).toMatchObject([
      { kind: 'tenant', id: 'acme', subject: false, peak: { value: 12, atMs: at('02:30:00') } },
    ]);
    expect(reportOf([kept(0.4)], []).affected).toEqual([]);
  });

  test('an agent at its cap with what it spent, and the cap is a level of its chart', () => {
    const facts = evidence({
      'agent-spend': agents({ 'agent-7': [104.2, '100.00'], 'agent-8': [3, '100.00'] }),
      'rejects-by-tenant': rejects({ acme: { '/execute': 12 } }),
    });
    const { affected, charts } = reportOf([captureAt('03:12:04', facts)], []);
    expect(affected.map(({ kind, id }) => `${kind} ${String(id)}`)).toEqual(['tenant acme', 'agent agent-7']);
    const spend = charts.find(({ id }) => id === 'agent-spend');
    expect(spend?.levels[0]).toEqual({ label: 'cap of agent-7', value: 100 });
    expect(spend).toMatchObject({ from: 'looks', stepSeconds: null });
  });

  test('whom a remedy named is there, seen or not', () => {
    const entry = blockEntry('03:14:10');
    const [change] = entry.changes;
    if (change === undefined) throw new Error('no change');
    const other = { ...entry, changes: [{ ...change, target: 'acp:ip_block:2001:db8::7' }] };
    const { affected } = reportOf([captureAt('03:12:04', attack)], [other]);
    expect(affected.find(({ id }) => id === '2001:db8::7')).toMatchObject({
      peak: null,
      firstMs: null,
      responses: [0],
    });
  });

  test.each([
    ['redis', 'acp:ip_block:203.0.113.42', 'ip 203.0.113.42'],
    ['redis', 'acp:ip_block:2001:db8::1', 'ip 2001:db8::1'],
    ['redis', 'acp:agent_cost_cap:agent-7', 'agent agent-7'],
    ['api', 'PATCH https://aegis.example/api/agents/agent-7', 'agent agent-7'],
    ['api', 'POST https://aegis.example/decision/kill-switch/acme', 'tenant acme'],
    ['redis', 'acp:ip_block:$(reboot)', undefined],
    ['redis', 'other:203.0.113.42', undefined],
  ] as const)('%s %s', (system, target, expected) => {
    const entry = blockEntry('03:00:00');
    const [change] = entry.changes;
    if (change === undefined) throw new Error('no change');
    const [subject] = subjectsOf({ ...entry, changes: [{ ...change, system, target }] }, aegis);
    expect(subject && `${subject.kind} ${subject.id}`).toBe(expected);
  });
});

test('what was taken back stands with what took it back', () => {
  const undo = blockEntry('03:40:00', {
    ...{ id: '01JWD8Q2Z4N7XK3T5V9B0C6F9Z', remedy: 'undo', operator: 'bob', reason: 'a customer' },
    undoes: '01JWD8Q2Z4N7XK3T5V9B0C6F1G',
  });
  const { captures } = stuffing();
  const { responses, timeline, summary } = reportOf(captures, [undo, blockEntry('03:14:10')]);
  expect(responses).toHaveLength(1);
  expect(responses[0]?.undo?.entry.operator).toBe('bob');
  expect(timeline.at(-1)).toMatchObject({ kind: 'undo', response: 0 });
  expect(summary.operators).toEqual(['alice', 'bob']);
});

test('what is held against is a cap where it is money, else a limit', () => {
  const tps = builtIn('tps-limits');
  const levels = (runbook: typeof tps, signal: string) => {
    const facts = evidence({ [signal]: agents({ one: [50, '60.00'], two: [1, '60.00'] }) }, runbook);
    const look = { ...{ atMs: at('03:00:00'), file: null, evidence: facts }, verdict: judge(facts, runbook) };
    return chartsOf(runbook, [look], { from: 'range', histories: [] }).find(({ id }) => id === signal)
      ?.levels;
  };
  const both = (what: string) => ['one', 'two'].map((id) => ({ label: `${what} of ${id}`, value: 60 }));
  expect(levels(aegis, 'agent-spend')).toEqual(both('cap'));
  expect(levels(tps, 'requests-by-caller')).toEqual(both('limit'));
});

test('of looks that are as sure, the one at the height of it says what it was', () => {
  const failing = (count: number) => evidence({ 'auth-failures-by-ip': counters({ '203.0.113.42': count }) });
  const looks = [60, 4812, 300].map((count, index) => captureAt(`03:0${index}:00`, failing(count)));
  expect(reportOf(looks, []).summary).toMatchObject({
    ...{ category: 'single-ip-credential-stuffing', confidence: 'high', look: 1 },
  });
});

test('what no look could see is told once, with the looks', () => {
  const blind = evidence({ 'rejects-by-tenant': unknown('unreachable', 'connection refused') });
  const { unknowns } = reportOf([captureAt('03:00:00', blind), captureAt('03:10:00', blind)], []);
  expect(unknowns.filter(({ status }) => status === 'unknown')).toEqual([
    {
      signal: 'rejects-by-tenant',
      source: null,
      status: 'unknown',
      reason: 'connection refused',
      looks: [0, 1],
    },
  ]);
});

test('what was not there so far is not told as what the system does not have', () => {
  const early = evidence({ 'rejects-by-tenant': absent('no such metric') });
  const texts = (...all: Evidence[]) =>
    unknownsText(
      reportOf(
        all.map((one, index) => captureAt(`03:0${index}:00`, one)),
        [],
      ),
    ).filter((text) => text.includes('rejects-by-tenant'));
  expect(texts(early, evidence())).toEqual([
    expect.stringMatching(/^without any source in 1 of 2 looks: .*rejects-by-tenant/),
  ]);
  expect(texts(early, early)).toEqual([
    expect.stringMatching(/^without any source in this system: .*rejects-by-tenant/),
  ]);
});

test('a journal that was changed is told as it is', () => {
  const { captures, entries } = stuffing();
  const journal = { ...WHOLE_JOURNAL, intact: false, problems: ['line 2 was changed after it was written'] };
  expect(reportOf(captures, entries, journal).journal).toEqual(journal);
});

describe('alerts that captures were about', () => {
  const alert = (state: Alert['state'], more: Partial<Alert> = {}): Alert =>
    ({ state, name: 'RateLimitSpike', wanted: null, labels: {}, ...more }) as Alert;
  const firing = { atMs: at('03:12:00'), alert: alert('active'), sinceMs: at('03:00:00') };

  test('fire since they say, until a later one no longer sees them', () => {
    const period = { name: 'RateLimitSpike', labels: {}, fromMs: at('03:00:00'), toMs: null, open: false };
    expect(alertsOf([firing], [])).toEqual([period]);
    const gone = alert('not-firing', { name: null, wanted: 'RateLimitSpike' });
    const later = { atMs: at('03:30:00'), alert: gone, sinceMs: null };
    expect(alertsOf([firing, later], [])).toEqual([{ ...period, toMs: at('03:30:00'), endOpen: true }]);
  });

  test('are not told twice where a range of time tells of them', () => {
    const known = { name: 'RateLimitSpike', labels: { a: 'b' }, fromMs: 1, toMs: 2, open: false };
    expect(alertsOf([firing], [known])).toEqual([]);
  });
});

describe('charts of several captures', () => {
  const of = (from: string, to: string, value: number, step = 15) => ({
    ...chart('rejects-by-tenant', [line('acme', from, to, () => value)], null),
    stepSeconds: step,
  });

  test('that do not meet have a gap between them', () => {
    const { lines } = mergedHistory([of('01:00:00', '02:00:00', 1), of('03:00:00', '03:10:00', 2)]);
    const points = lines[0]?.points ?? [];
    const gap = points.findIndex(([, value]) => value === null);
    expect(time(points[gap]?.[0])).toBe('02:00:15');
    expect([points[gap - 1]?.[1], points[gap + 1]?.[1]]).toEqual([1, 2]);
  });

  test('of a time that several have the last one counts', () => {
    const { lines } = mergedHistory([of('01:00:00', '02:00:00', 1), of('01:30:00', '02:30:00', 2)]);
    const value = (text: string) => lines[0]?.points.find(([ms]) => ms === at(text))?.[1];
    expect([value('01:29:45'), value('01:30:00'), value('02:00:00')]).toEqual([1, 2, 2]);
  });

  test('have ten lines and the rest as one', () => {
    const many = (start: number) => ({
      ...chart(
        'rejects-by-tenant',
        Array.from({ length: 8 }, (_, index) =>
          line(`t-${start + index}`, '01:00:00', '01:01:00', () => start + index + 1),
        ),
        null,
      ),
    });
    const later = {
      ...many(8),
      lines: many(8).lines.map((one) => ({
        ...one,
        points: one.points.map(([ms, v]) => [ms + 3_600_000, v] as const),
      })),
    };
    const { lines, others } = mergedHistory([many(0), later]);
    expect(lines).toHaveLength(10);
    expect(others?.points[0]?.[1]).toBe(1 + 2 + 3 + 4 + 5 + 6);
  });
});
