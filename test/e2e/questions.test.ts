import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serversWith } from '../support/incident-servers.ts';
import { labelledOf } from '../support/labelled.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { openTerminal, PROGRAM } from '../support/tmux.ts';

// A question that only the operator can answer: on a terminal it is asked, elsewhere both cases are shown.

let args: string[];
beforeAll(async () => {
  const incident = labelledOf('get-into-teaching').get('get-into-teaching/attack-nobody-asked');
  if (incident === undefined) throw new Error('there is no such incident');
  const { prometheus } = await serversWith(incident);
  args = ['triage', '--runbook', 'get-into-teaching', '--prometheus-url', prometheus.url];
});
afterAll(stopEverything);

interface Document {
  verdict: { category: string; confidence: string };
  findings: { category: string; because: { code: string; text: string }[] }[];
  questions: { answered: string | null; by: string | null; answers: { id: string }[] }[];
}
const json = async (more: readonly string[]) => {
  const { code, stdout, stderr } = await runProgram([...more, '-o', 'json']);
  return { code, stderr, document: JSON.parse(stdout) as Document };
};
const shown = ({ verdict, findings, questions }: Document) => [
  verdict.category,
  verdict.confidence,
  findings.map(({ category }) => category),
  questions.map(({ answered }) => answered),
];

describe('without a terminal', () => {
  test('nothing is asked, and both are shown at low confidence', async () => {
    const { code, document, stderr } = await json(args);
    expect([code, stderr]).toEqual([0, '']);
    const both = ['automated-signups', 'endpoint-signup-surge'];
    expect(shown(document)).toEqual(['automated-signups', 'low', both, [null]]);
    expect(document.questions[0]?.answers.map(({ id }) => id)).toEqual(['campaign', 'none', 'unknown']);
  });

  test('a flag answers, the capture keeps it, and may be answered otherwise', async () => {
    const file = join(await temporaryFolder('captures'), 'spike.json');
    const live = await json([...args, '--answer', 'expected-signups=none', '--save', file]);
    const decided = ['automated-signups', 'medium', ['automated-signups'], ['none']];
    expect(shown(live.document)).toEqual(decided);
    expect(live.document.findings[0]?.because[0]).toMatchObject({ code: 'answered' });
    const again = await json(['triage', '--from', file]);
    expect(again.document.findings).toEqual(live.document.findings);
    expect(shown(again.document)).toEqual(decided);
    const otherwise = await json(['triage', '--from', file, '--answer', 'expected-signups=campaign']);
    expect(shown(otherwise.document).slice(2)).toEqual([['endpoint-signup-surge'], ['campaign']]);
    const redacted = `${file}.redacted`;
    await runProgram([...args, '--answer', 'expected-signups=none', '--save', redacted, '--redact']);
    expect(JSON.parse(await readFile(redacted, 'utf8'))).toMatchObject({
      answers: { 'expected-signups': { answer: 'none', by: 'operator' } },
    });
  });

  test('an answer that cannot be one is refused before anything is read, and one for several contexts too', async () => {
    const wrong = await runProgram([...args, '--answer', 'expected-signups=maybe']);
    expect([wrong.code, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toContain('Answers: campaign, none, unknown.');
    const several = await runProgram([...args, '--all-contexts', '--answer', 'expected-signups=none']);
    expect(several.code).toBe(2);
    expect(several.stderr).toContain('--answer is about one context');
  });
});

describe('on a terminal', () => {
  test('it is asked before the verdict, Enter decides nothing, and Ctrl-C leaves with nothing saved', async () => {
    const terminal = await openTerminal();
    await terminal.resize(100, 50);
    const line = `${PROGRAM} ${args.join(' ')} --save spike.json; echo "exit $?"`;
    await terminal.run(line);
    const asked = await terminal.shows('> I do not know');
    expect(asked).toMatch(/The signals fit automated-signups and endpoint-signup-surge/);
    expect(asked).not.toContain('confidence');
    await terminal.press('C-c');
    await terminal.shows('exit 130');
    await terminal.run('clear; ls spike.json');
    await terminal.shows('No such file');

    await terminal.run(`clear; ${line}`);
    await terminal.shows('> I do not know');
    await terminal.press('Enter');
    await terminal.shows('exit 0');
    expect(await terminal.screen()).toContain(
      'MEDIUM automated-signups or endpoint-signup-surge (confidence low)',
    );

    await terminal.run(`clear; ${line.replace('spike', 'answered')}`);
    await terminal.shows('> I do not know');
    await terminal.press('Down', 'Down', 'Enter');
    await terminal.shows('exit 0');
    expect(await terminal.screen()).toContain('MEDIUM automated-signups (confidence medium)');
    const kept = JSON.parse(await readFile(join(terminal.home, 'answered.json'), 'utf8'));
    expect(kept.answers).toMatchObject({ 'expected-signups': { answer: 'none' } });
    await terminal.run(`clear; ${PROGRAM} ${args.join(' ')} --no-input; echo "left with $?"`);
    await terminal.shows('left with 0');
    expect(await terminal.screen()).not.toContain('arrows move');
  });
});
