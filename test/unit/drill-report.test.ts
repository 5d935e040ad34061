import { describe, expect, test } from 'vitest';
import type { Context } from '../../src/context.ts';
import { type DrillReport, reportOf } from '../../src/drill/report.ts';
import { Session } from '../../src/drill/session.ts';
import type { JournalEvent } from '../../src/journal/types.ts';
import { briefing } from '../../src/output/drill-briefing.ts';
import { drillReport } from '../../src/output/drill-report.ts';
import { makePaint } from '../../src/output/paint.ts';
import type { TriageDocument } from '../../src/output/triage-document.ts';
import { clock } from '../support/collecting.ts';
import { incidentOf } from '../support/incident.ts';

const START = Date.parse('2026-05-29T03:12:04Z');
const context = {
  clock: { ...clock, now: () => START + 130_000 },
  interrupt: new AbortController().signal,
  journal: async () => ({ read: async () => ({ events: [] as JournalEvent[], problems: [] }) }),
} as unknown as Context;

/** A drill in which the triages said these, one after the other, and the runbook that at the beginning. */
async function report(said: readonly string[], began = 'quiet', more: Partial<DrillReport> = {}) {
  const left = [...said];
  const session = new Session(context, async (_, inside) => {
    const verdict = { category: left.shift() ?? '', confidence: 'high' };
    inside.onTriage?.({ verdict, remedies: new Map() } as unknown as TriageDocument);
    return 0;
  });
  for (const _ of said) await session.run(['triage']);
  const made = await reportOf(
    {
      named: { name: 'x', incident: incidentOf('') },
      ...{ runbook: 'aegis', startedMs: START, session, ignored: [] },
      beginning: { category: began, responses: [] },
    },
    context,
  );
  return { ...made, ...more };
}
const human = (made: DrillReport) => drillReport(made, 'human', makePaint(false), 100);

describe('whether the last triage said so', () => {
  test.each([
    [[], null, 'You did not triage, so nobody said what it was.'],
    [['quiet'], true, 'Your last triage said quiet (confidence high): right.'],
    [['one-ip'], false, 'Your last triage said one-ip (confidence high); it was quiet.'],
    [['one-ip', 'quiet'], true, 'Your last triage said quiet (confidence high): right.'],
  ])('%j', async (said, isRight, sentence) => {
    const made = await report(said);
    expect(made).toMatchObject({ isRight, triages: said.length, seconds: 130 });
    expect(human(made)).toContain(`\n${sentence}\n`);
  });

  test('that it is quiet now is no mistake when it was told before what it was', async () => {
    const incident = incidentOf('');
    const other = { ...incident, expect: { ...incident.expect, category: ['one-ip'] } };
    const session = new Session(context, async (words, inside) => {
      const verdict = { category: words[0], confidence: 'medium' };
      inside.onTriage?.({ verdict, remedies: new Map() } as unknown as TriageDocument);
      return 0;
    });
    await session.run(['one-ip']);
    await session.run(['quiet']);
    const parts = { named: { name: 'x', incident: other }, runbook: 'aegis', startedMs: START, session };
    const beginning = { category: 'one-ip', responses: [] };
    const made = await reportOf({ ...parts, ignored: [], beginning }, context);
    expect(made.isRight).toBe(true);
    expect(human(made)).toContain(
      'Your last triage said quiet (confidence medium), and one before it one-ip: right.',
    );
    await session.run(['crowd']);
    expect((await reportOf({ ...parts, ignored: [], beginning }, context)).isRight).toBe(false);
  });
});

test('a runbook that is wrong about it is told so', async () => {
  const made = await report([], 'platform-overload');
  expect(made.warnings).toEqual([
    'the runbook itself took this for platform-overload when it began: one of the two is wrong',
  ]);
  expect(human(made)).toContain('  ! the runbook itself took this for platform-overload');
});

test('a password that was typed is in no document', async () => {
  const words = ['triage', '--redis-url', 'redis://me:hunter2@host', '--reason', 'two words'];
  const made = await report([], 'quiet', { ran: [{ words, exitCode: 0 }] });
  const { commands } = JSON.parse(drillReport(made, 'json', makePaint(false), 80));
  expect(commands).toEqual([
    { command: "triage --redis-url 'redis://me:[redacted]@host' --reason 'two words'", exitCode: 0 },
  ]);
});

test('before a drill the page is told, and what may be wrong with the incident', () => {
  const screen = { paint: makePaint(false), width: 100 };
  expect(briefing('MailRateLimited', { ignored: [], notes: ['no source reads the metric x'] }, screen)).toBe(
    'This is a drill. The systems are played by this program; nothing real is read or changed.\n' +
      'Note: no source reads the metric x\n\nThe pager says: MailRateLimited\n\n',
  );
});
