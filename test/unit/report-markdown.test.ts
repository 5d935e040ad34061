import { expect, test } from 'vitest';
import { reportHtml } from '../../src/output/html/report.ts';
import { paintFor } from '../../src/output/paint-for.ts';
import { reportHuman } from '../../src/output/report-human.ts';
import { reportMarkdown } from '../../src/output/report-markdown.ts';
import { clock } from '../support/collecting.ts';
import { evidence, rejects } from '../support/evidence.ts';
import { at, blockEntry, captureAt, chart, line, stuffing } from '../support/report.ts';
import { reportOf } from '../support/report-of.ts';

const screen = { paint: await paintFor(false), width: 80 };

test('of a recorded incident: one address, blocked, seen to end', async () => {
  const { captures, entries } = stuffing();
  await expect(reportMarkdown(reportOf(captures, entries), clock)).toMatchFileSnapshot(
    '../fixtures/report-one-ip.md',
  );
});

test('on a terminal it is short, and no line is too long', () => {
  const { captures, entries } = stuffing();
  const shown = reportHuman(reportOf(captures, entries), clock, screen);
  expect(shown.split('\n').filter((text) => text.length > 80)).toEqual([]);
  expect(shown.split('\n').slice(0, 9).join('\n')).toMatchInlineSnapshot(`
    "Incident report: Credential stuffing from one or a few IPs

    Credential stuffing from one or a few IPs: 203.0.113.42 made 4,812 of 4,892
    authentication failures in 5m (98%).
    It began at 2026-05-29 02:52:15 UTC, when authentication failures rose above 5
    failures/s, and was over at 2026-05-29 03:14:15 UTC, when authentication
    failures fell below 5 failures/s again: 22m in all.
    alice blocked 203.0.113.42 at 2026-05-29 03:14:10 UTC (applied, seen to take
    effect). Authentication failures fell: 18.2 failures/s before, 0.05 failures/s"
  `);
});

test('what was done about something earlier is no first response to this', () => {
  const { captures, entries } = stuffing();
  const earlier = blockEntry('02:40:00', { id: 'earlier' });
  const answered = (all: typeof entries) =>
    /First response \| (.*) \|/.exec(reportMarkdown(reportOf(captures, all), clock))?.[1];
  expect(answered([earlier, ...entries])).toBe('2026-05-29 03:14:10 UTC, 21m55s after it began');
  expect(answered([earlier])).toBe('2026-05-29 02:40:00 UTC, 12m15s before it began');
});

test('of an alert the labels that tell what it is about, not those that route it', () => {
  const labels = { ratelimit_rule: 'tenant-rejects', severity: 'warning', job: 'gateway', tenant: 'acme' };
  const period = { name: 'RateLimitSpike', labels, fromMs: at('03:10:00'), toMs: null, open: false };
  const alertHistory = { names: [], periods: [period], stepSeconds: 1, reason: null, cause: null };
  const page = reportMarkdown(reportOf([captureAt('03:12:04', evidence(), { alertHistory })], []), clock);
  expect(page).toContain('| Alert RateLimitSpike \\(tenant=acme\\) fires |');
});

test('redacted captures do not share their names, which is said', () => {
  const captures = ['03:12:04', '03:13:04'].map((time) => captureAt(time, evidence(), { redacted: true }));
  const note = 'Each redacted capture has names of its own';
  const page = (count: number) =>
    reportMarkdown({ ...reportOf(captures.slice(0, count), []), redacted: true }, clock);
  expect(page(1)).not.toContain(note);
  expect(page(2)).toContain(note);
});

test('what was kept, what was left out and what could not be read is said', () => {
  const { captures, entries } = stuffing();
  const kept = {
    ...{ read: 2, left: 3, elsewhere: 1 },
    skipped: [{ file: '/state/looks/a.json', reason: 'it is not complete JSON' }],
  };
  const page = reportMarkdown({ ...reportOf(captures, entries), kept }, clock);
  expect(page).toContain('2 looks that triage or watch kept on this machine');
  expect(page).toContain('3 more looks of this time are left out');
  expect(page).toContain('1 look that was kept could not be read, such as /state/looks/a.json');
  expect(page).toContain('1 look that was kept in this time is of other contexts, systems or runbooks');
  expect(page).not.toContain('No system was asked');
});

test('nothing that a system or an operator wrote gets out of its place', () => {
  const evil = '](javascript:alert(1)) <img src=x onerror=alert(1)> | `x` \u001b[2J @here';
  const facts = evidence({ 'rejects-by-tenant': rejects({ [evil]: { '/execute': 9, '/agents': 3 } }) });
  const captures = [
    captureAt('03:12:04', facts, {
      history: [
        {
          ...{ chart: 'rejects-by-tenant', others: null, stepSeconds: 15, windowSeconds: 60 },
          ...{
            lines: [line(evil, '03:00:00', '03:12:00', () => 12)],
            total: null,
            reason: evil,
            cause: null,
          },
        },
      ],
      alertHistory: {
        ...{ names: ['RateLimitSpike'], stepSeconds: 15, reason: null, cause: null },
        periods: [{ name: evil, labels: { [evil]: evil }, fromMs: 1, toMs: 2, open: false }],
      },
    }),
  ];
  const entries = [
    blockEntry('03:14:00', { operator: evil, reason: evil, remedy: evil, verification: evil }),
  ];
  const page = reportMarkdown(reportOf(captures, entries), clock);
  const shown = reportHuman(reportOf(captures, entries), clock, screen);
  for (const text of [page, shown]) expect(text).not.toContain('\u001b');
  expect(page.match(/<img|(?<!\\)\]\(|@here|(?<!\\)`/g)).toBeNull();
  // Of each table every row has as many cells as its head.
  for (const table of page.split('\n\n').filter((part) => part.startsWith('|'))) {
    const cells = table.split('\n').map((row) => row.split(/(?<!\\)\|/).length);
    expect(new Set(cells).size, table).toBe(1);
  }
});

test('that nothing happened is said of what was seen alone', () => {
  const text = (more: Parameters<typeof captureAt>[2]) =>
    reportMarkdown(reportOf([captureAt('03:24:00', evidence(), more)], []), clock);
  const alertHistory = { names: ['RateLimitSpike'], periods: [], stepSeconds: 15, reason: null, cause: null };
  expect(text({})).toMatch(/^# Report: nothing found\n[\s\S]*there are no charts and no alerts of it/);
  expect(text({})).not.toMatch(/no alert is recorded/i);
  expect(text({ alertHistory })).toMatch(/\nNo alert is recorded\.\n/);
  const failed = { ...alertHistory, reason: 'connection refused', cause: 'unreachable' as const };
  expect(text({ alertHistory: failed })).toMatch(/Whether anything happened before that is not known/);
});

test('on the page the bars below an effect are its own', async () => {
  const facts = evidence({ 'rejects-by-tenant': rejects({ acme: { '/execute': 6, '/agents': 6 } }) });
  // Of the whole nothing is kept after it; of the tenant all is.
  const total = line('', '02:30:00', '03:20:00', (ms) => (ms <= at('03:00:00') ? 7 : null));
  const history = [chart('rejects-by-tenant', [line('acme', '02:30:00', '03:20:00', () => 4)], total)];
  const alertHistory = { names: [], periods: [], stepSeconds: 15, reason: null, cause: null };
  const entry = blockEntry('03:00:00', { remedy: 'kill-switch' });
  const target = 'POST https://aegis.example/decision/kill-switch/acme';
  const changes = entry.changes.map((one) => ({ ...one, system: 'api' as const, target }));
  const report = reportOf([captureAt('03:20:00', facts, { history, alertHistory })], [{ ...entry, changes }]);
  const page = await reportHtml(report, clock, { version: '1', operator: 'kim' });
  const pairs = [...page.matchAll(/<li>([^<]*)<span class="pair">(.*?)<\/span><\/li>/gs)];
  const shown = pairs.map(([, text = '', bars = '']) => [
    /4 rejects\/s before/.test(text),
    [...bars.matchAll(/<b>([^<]*)<\/b>/g)].map(([, value]) => value),
  ]);
  expect(shown).toEqual([
    [true, ['4 rejects/s', '4 rejects/s']],
    [false, ['7 rejects/s', 'unknown']],
  ]);
});

test('one look has no length, and where nobody looked nobody did', () => {
  const facts = evidence({ 'rejects-by-tenant': rejects({ acme: { '/execute': 9, '/agents': 3 } }) });
  const once = reportOf([captureAt('03:12:04', facts)], []);
  const shown = reportMarkdown(once, clock);
  expect(shown).toMatch(/It still went on when it was last looked at, 2026-05-29 03:12:04 UTC\. What/);
  expect(shown).not.toMatch(/Duration|0s/);
  const report = { ...reportOf([captureAt('03:12:04', evidence())], []), looks: [] };
  const none = { ...report, summary: { ...report.summary, state: 'unknown', why: 'not-looked' } as const };
  expect(reportMarkdown(none, clock)).toMatch(/State \| not known \\\(nobody looked at the systems\\\) \|/);
  expect(reportMarkdown(none, clock)).not.toMatch(/Whether it is over|last looked/);
});
