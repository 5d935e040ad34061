import { describe, expect, test } from 'vitest';
import { hereFor } from '../../src/commands/here.ts';
import { responseNamed } from '../../src/commands/note-response.ts';
import { systemsOf } from '../../src/commands/parts.ts';
import { checkWords } from '../../src/commands/words.ts';
import type { Entry, Note } from '../../src/journal/types.ts';
import { reportHtml } from '../../src/output/html/report.ts';
import { journalText, noteText } from '../../src/output/journal-text.ts';
import { makePaint } from '../../src/output/paint.ts';
import { reportHuman } from '../../src/output/report-human.ts';
import { reportJson } from '../../src/output/report-json.ts';
import { reportMarkdown } from '../../src/output/report-markdown.ts';
import { clock, configOf, httpTarget } from '../support/collecting.ts';
import { builtIn, evidence } from '../support/evidence.ts';
import { at, blockEntry, captureAt, stuffing } from '../support/report.ts';
import { reportOf } from '../support/report-of.ts';

// What people did by hand: what a note may name, whose it is, and what the report makes of it.

const git = builtIn('get-into-teaching');
const MAKER = { version: '1', operator: 'kim' };
const NOTE: Note = { category: null, step: null, happenedAt: null };

const noteAt = (time: string, note: Partial<Note> = {}, more: Partial<Entry> = {}): Entry => ({
  ...blockEntry(time),
  ...{ id: '01JWD8Q2Z4N7XK3T5V9B0C6F9N', remedy: 'note', reason: 'rang the hoster', changes: [] },
  ...{ verified: null, verification: null, note: { ...NOTE, ...note } },
  ...more,
});

describe('the response that a note names', () => {
  test.each([
    [{}, null, null],
    [{ category: 'automated-signups' }, 'automated-signups', null],
    // Of one category alone, and of several.
    [{ step: 'tell-crm' }, 'automated-signups', 'tell-crm'],
    [{ step: 'look' }, null, 'look'],
    [{ step: 'look', category: 'endpoint-signup-surge' }, 'endpoint-signup-surge', 'look'],
  ])('%j', (given, category, step) => {
    expect(responseNamed(given, git)).toEqual({ category, step });
  });

  test.each([
    [{ step: 'tel-crm' }, 'has no response step "tel-crm"; did you mean "tell-crm"?', /^Steps: tell-crm, /],
    [{ step: '\u001b[2J' }, 'has no response step "\\u001b[2J"', /^Steps: \w/],
    [
      { category: 'automated-signup' },
      'did you mean "automated-signups"?',
      /^Categories: automated-signups, /,
    ],
    [
      { category: 'endpoint-signup-surge', step: 'tell-crm' },
      'category endpoint-signup-surge has no response step "tell-crm"',
      /^It is one of automated-signups\.$/,
    ],
    [{ category: 'quiet' }, 'runbook get-into-teaching has no category "quiet"', /^Categories: /],
  ])('%j is refused, with what there is, the nearest first', (given, message, hint) => {
    expect(() => responseNamed(given, git)).toThrowError(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringContaining(message),
        hint: expect.stringMatching(hint),
      }),
    );
  });
});

test.each([
  [' ', 'the note: a text is needed'],
  ['two\nlines', 'the note: it must not hold control characters'],
  ['x'.repeat(201), 'the note: 201 characters are too many, at most 200 are kept'],
])('the text %j is refused', (text, message) => {
  expect(() => checkWords('the note', text, 'a text is needed')).toThrow(message);
});

describe('whose a note is', async () => {
  const config = { ...(await configOf({})), context: null };
  const aim = { config, runbook: git };
  const systems = { ...systemsOf(config), prometheus: config.prometheus[0].url };
  const entry = noteAt('03:14:10', {}, { context: null, runbook: git.name, systems });

  test('is told by the context, whatever it reads', () => {
    const prod = { ...aim, config: { ...config, context: 'prod' } };
    expect([hereFor(prod)({ ...entry, context: 'prod' }), hereFor(prod)(entry)]).toEqual([true, false]);
    expect(hereFor(prod)({ ...entry, context: 'prod', systems: { ...systems, prometheus: null } })).toBe(
      true,
    );
    expect(hereFor(aim)({ ...entry, context: 'prod' })).toBe(false);
  });

  test('without one by the runbook, and of one without Redis by its Prometheus', () => {
    expect(hereFor(aim)(entry)).toBe(true);
    expect(hereFor(aim)({ ...entry, runbook: 'tps-limits' })).toBe(false);
    const elsewhere = { ...config, prometheus: [httpTarget('http://staging:9090')] as const };
    expect(hereFor({ ...aim, config: elsewhere })(entry)).toBe(false);
  });
});

describe('a report', () => {
  const step = { category: 'single-ip-credential-stuffing', step: 'load-balancer-deny-list' };
  const { captures } = stuffing();
  const done = reportOf(captures, [noteAt('03:14:10', step)]);

  test('tells what was done by hand with the rates before and after it', () => {
    const [response] = done.responses;
    expect(response).toMatchObject({ isDeed: true, subjects: [], undo: null });
    expect(response?.effects[0]).toMatchObject({ reason: null, mixed: false });
    expect(done.timeline.filter(({ kind }) => kind === 'note')).toEqual([
      { kind: 'note', atMs: at('03:14:10'), response: 0 },
    ]);
    expect(done.marks).toContainEqual({
      ...{ kind: 'note', atMs: at('03:14:10'), label: 'load-balancer-deny-list: rang the hoster' },
    });
    const page = reportMarkdown(done, clock);
    expect(page.replaceAll('\\', '')).toContain(
      'alice by hand (load-balancer-deny-list) at 2026-05-29 03:14:10 UTC: rang the hoster. Authentication failures fell: ',
    );
    expect(page).toContain('| 03:14:10 | alice by hand \\(load-balancer-deny-list\\): rang the hoster |');
    expect(page).toMatch(/^- Effect: .* it fell by /m);
    expect(page).toMatch(/First response.*03:14:10/);
    expect(page).not.toContain('applied');
    const [told] = JSON.parse(reportJson(done, clock, false)).responses;
    expect(told).toMatchObject({ remedy: 'note', status: 'applied', note: { ...step, happenedAt: null } });
  });

  test('of what was only seen there is no effect, it is no response, and no other is its doing', () => {
    const entries = [blockEntry('03:14:10'), noteAt('03:13:00', {}, { reason: 'odd logins' })];
    const seen = reportOf(captures, entries);
    expect(seen.responses.map(({ isDeed, effects }) => [isDeed, effects.length > 0])).toEqual([
      [false, false],
      [true, true],
    ]);
    expect(seen.responses[1]?.effects.some(({ mixed }) => mixed)).toBe(false);
    const page = reportMarkdown(seen, clock);
    expect(page).toMatch(/^- Effect: a note has no measured effect$/m);
    expect(page).toMatch(/First response.*03:14:10/);
    expect(page).toContain('| 03:13:00 | alice noted: odd logins |');
  });

  test('of a quiet time does not become an incident by what somebody saw, but by what was done', () => {
    const quiet = captureAt('03:24:30', evidence());
    const stateWith = (note: Partial<Note>) => reportOf([quiet], [noteAt('03:20:00', note)]).summary.state;
    expect([stateWith({}), stateWith(step)]).toEqual(['nothing', 'over']);
  });

  test('says how to take down what was done by hand, where nothing was', () => {
    const hint = 'ratelimit journal note';
    expect(reportMarkdown(reportOf(captures, []), clock)).toContain(hint);
    expect(reportMarkdown(done, clock)).not.toContain(hint);
    expect(reportMarkdown(reportOf([captureAt('03:24:30', evidence())], []), clock)).not.toContain(hint);
  });

  test('tells when it happened and when it was written down, and marks it in the charts', async () => {
    const late = noteAt('03:40:00', { ...step, happenedAt: '2026-05-29T03:14:10.000Z' });
    const report = reportOf(captures, [late]);
    const page = await reportHtml(report, clock, MAKER);
    expect(page).toContain('2026-05-29 03:40:00 UTC');
    expect(page).toContain('class="is-note"');
  });

  test('shows words that a terminal or a page would obey as they are', async () => {
    const evil = '<b>\u202e[x](y)|`';
    const report = reportOf(captures, [noteAt('03:14:10', step, { reason: evil, operator: evil })]);
    const human = reportHuman(report, clock, { paint: makePaint(false), width: 80 });
    expect(human).not.toContain('\u202e');
    expect(human.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(reportMarkdown(report, clock)).not.toContain('<b>');
    expect(await reportHtml(report, clock, MAKER)).not.toContain('<b>\u202e');
  });
});

describe('on a screen', () => {
  const shown = (entry: Entry) => ({
    entries: [{ ...entry, now: null, team: false }],
    intact: true,
    warnings: [],
  });
  const note = noteAt('03:14:10', { category: 'automated-signups', step: 'tell-crm' });

  test('a list has its text, and no way back', () => {
    const list = (format: 'human' | 'markdown') =>
      journalText(shown(note), format, makePaint(false), 120, clock);
    expect(list('human')).toContain('note: rang the hoster');
    expect(list('human')).toContain('noted');
    expect(list('markdown')).toContain('| note: rang the hoster | noted | alice |');
  });

  test('what was recorded is said in three lines', () => {
    expect(noteText(shown(note), 'human', { paint: makePaint(false), width: 80 }, clock)).toBe(
      [
        'Noted: rang the hoster',
        '  response to  automated-signups, step tell-crm',
        'Recorded as 01JWD8Q2Z4N7XK3T5V9B0C6F9N by alice\n',
      ].join('\n'),
    );
    const whole = noteText(shown(note), 'markdown', { paint: makePaint(false), width: 80 }, clock);
    expect(whole).toMatch(/^## note$/m);
    expect(whole).toContain('- step: `tell-crm`');
    expect(whole).not.toContain('undo');
  });
});
