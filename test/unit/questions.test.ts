import { beforeAll, describe, expect, test } from 'vitest';
import { givenAnswers, unaskedText } from '../../src/commands/answers.ts';
import type { Answers } from '../../src/evidence/answers.ts';
import type { Evidence } from '../../src/evidence/types.ts';
import { makePaint } from '../../src/output/paint.ts';
import { shownText } from '../../src/output/runbook-show.ts';
import type { TriageDocument } from '../../src/output/triage-document.ts';
import { triageHuman } from '../../src/output/triage-human.ts';
import { triageData } from '../../src/output/triage-json.ts';
import { proposeAll } from '../../src/remedies/propose.ts';
import { withSettings } from '../../src/runbooks/load.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { viewOf } from '../../src/runbooks/view.ts';
import { judge } from '../../src/verdict/judge.ts';
import { builtIn } from '../support/evidence.ts';
import { labelledOf } from '../support/labelled.ts';
import { play } from '../support/played.ts';
import { categoriesOf, caveatCodes, findingOf } from '../support/triage.ts';

// What the signals cannot decide: the surge of an incident that nobody was asked about, and what an answer makes of it.

const runbook = builtIn('get-into-teaching');
const [SURGE, ATTACK] = ['endpoint-signup-surge', 'automated-signups'];
let evidence: Evidence;
beforeAll(async () => {
  const incident = labelledOf('get-into-teaching').get('get-into-teaching/surge-nobody-asked');
  if (incident === undefined) throw new Error('there is no such incident');
  evidence = (await play(incident)).evidence;
});

const say = (answer: string): Answers => ({ 'expected-signups': { answer, by: 'Sam \u001b[2J' } });
const documentOf = (answers: Answers = {}): TriageDocument => {
  const verdict = judge(evidence, runbook, answers);
  const remedies = proposeAll(verdict, runbook, evidence);
  return {
    evidence,
    runbook,
    verdict,
    context: null,
    alert: null,
    top: 10,
    remedies,
    totalMs: 1,
    replayed: false,
  };
};
const screenOf = (answers: Answers = {}) => triageHuman(documentOf(answers), makePaint(false), 200);

describe('a question that nobody has answered', () => {
  test('leaves all that the signals fit, each at low confidence', () => {
    const verdict = judge(evidence, runbook);
    expect(categoriesOf(verdict)).toEqual([ATTACK, SURGE]);
    expect(verdict.findings.map(({ confidence }) => confidence)).toEqual(['low', 'low']);
    for (const finding of verdict.findings) expect(caveatCodes(finding)).toContain('open-question');
    expect(verdict.questions).toMatchObject([{ id: 'expected-signups', answer: null, open: true }]);
  });

  test('is never told by one of its categories alone', () => {
    const screen = screenOf();
    expect(screen.split('\n')[0]).toMatch(`MEDIUM ${ATTACK} or ${SURGE} (confidence low): `);
    expect(screen).toContain(
      '\nIs a campaign, an event or a mailing known that makes so many sign up now, or somebody who enters many events?\n',
    );
    expect(screen).toContain(`none: No, marketing and the event team know of nothing -> ${ATTACK}: `);
    expect(screen).toContain('--answer expected-signups=<answer>');
    expect(triageData(documentOf()).verdict).toMatchObject({
      category: ATTACK,
      confidence: 'low',
      summary: expect.stringContaining(`; the signals cannot tell it from ${SURGE}`),
    });
  });

  test('stands in the JSON with what follows from each answer', () => {
    expect(triageData(documentOf()).questions).toMatchObject([
      {
        ...{ id: 'expected-signups', answered: null, by: null },
        answers: [
          { id: 'campaign', category: SURGE, remedies: [{ id: 'look' }, { id: 'raise-limit' }] },
          { id: 'none', category: ATTACK, remedies: [{ id: 'look' }, { id: 'held' }, { id: 'tell-crm' }] },
          { id: 'unknown', category: null, remedies: [] },
        ],
      },
    ]);
  });

  test('stays open when whoever was asked does not know, and says so', () => {
    expect(categoriesOf(judge(evidence, runbook, say('unknown')))).toEqual([ATTACK, SURGE]);
    expect(screenOf(say('unknown'))).toContain('does not know: Is a campaign');
  });
});

test.each([
  ['surge-nobody-asked', 'far more sign-ups than the limiter lets through: endpoint AddMember with '],
  ['attack-no-campaign', 'false sign-ups by a machine: endpoint SignUp with '],
  ['surge-campaign-known', 'many people sign up at once: endpoint AddMember with '],
  ['not-counted-at-limit', 'sign-ups at the limit, and whether any are rejected is not counted'],
  ['limit-is-stale', 'far more sign-ups than usual, above the limit known here, and whether '],
  [
    'endpoint-untold',
    'far more sign-ups than usual, at the limit, and 2.5 requests a second rejected, of which ',
  ],
  ['events-of-a-day', 'a limit of a day is used up: endpoint Upsert; 0.5 requests a second '],
  [
    'events-and-signups',
    'a limit of a day is used up: endpoint Upsert and endpoint AddMember; 0.9 requests ',
  ],
  [
    'events-entered-by-staff',
    'so much is entered at once that the limit of a day is used up: endpoint Upsert; 0.5 requests ',
  ],
  [
    'events-tried-now-and-then',
    'so much is entered at once that the limit of a day is used up: endpoint Upsert; 0.01 requests ',
  ],
])('the first line of %s says what is to be seen', async (name, line) => {
  const incident = labelledOf('get-into-teaching').get(`get-into-teaching/${name}`);
  if (incident === undefined) throw new Error('there is no such incident');
  const { verdict, evidence: facts } = await play(incident);
  const screen = triageHuman(
    { ...documentOf(), verdict, evidence: facts, remedies: new Map() },
    makePaint(false),
    400,
  );
  expect(screen.split('\n')[0]).toContain(`): ${line}`);
});

test('the steps lead to the panel and the logs where the context says that they are', () => {
  const links = { grafana: 'https://grafana.example/d/api', logs: 'https://logs.example/app' };
  const linked = withSettings(runbook, { thresholds: {}, limits: {}, queries: {}, links });
  const screen = triageHuman({ ...documentOf(say('none')), runbook: linked }, makePaint(false), 200);
  for (const page of Object.values(links)) expect(screen).toContain(page);
});

describe('an answer', () => {
  test.each([
    ['campaign', SURGE, ATTACK],
    ['none', ATTACK, SURGE],
  ])('%s makes its category the finding, never of high confidence', (answer, category, other) => {
    const verdict = judge(evidence, runbook, say(answer));
    expect(categoriesOf(verdict)).toEqual([category]);
    expect(verdict.ruledOut.map((one) => one.category)).toContain(other);
    const { because, confidence } = findingOf(verdict, String(category));
    expect(confidence).not.toBe('high');
    expect(because[0]).toMatchObject({ code: 'answered', met: true, args: { answer } });
  });

  test('is told with who gave it, whose name cannot act on the terminal', () => {
    const screen = screenOf(say('campaign'));
    expect(screen).toContain('answered "Yes, one is known" to: Is a campaign');
    expect(screen).toContain('Sam ');
    expect(screen).not.toContain('\u001b');
  });

  test('to what is not open changes nothing', () => {
    const quiet: Evidence = { ...evidence, signals: {} };
    expect(judge(quiet, runbook, say('none'))).toEqual(judge(quiet, runbook));
    expect(unaskedText(['expected-signups=none'], judge(quiet, runbook, say('none')))).toMatch(
      /^! --answer expected-signups: .* changes nothing\n$/,
    );
  });

  test('that the runbook does not have leaves it open, as one of a name that every object has', () => {
    for (const answer of ['no-such', '__proto__', 'constructor']) {
      expect(judge(evidence, runbook, say(answer)).questions).toMatchObject([{ open: true }]);
    }
  });
});

test('--answer is read with what the runbook asks', () => {
  expect(givenAnswers(['expected-signups=none'], runbook, 'sam')).toEqual({
    'expected-signups': { answer: 'none', by: 'sam' },
  });
  const refused = (...given: string[]) => {
    try {
      return givenAnswers(given, runbook, 'sam');
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(refused('expected-signup=none')).toMatch(
    /has no question "expected-signup", did you mean|has no question/,
  );
  expect(refused('expected-signups=non')).toMatch(/got the answer "non".*"none"/);
  expect(refused('expected-signups')).toMatch(/expected expected-signups=<answer>, got no answer/);
  expect(refused('expected-signups=none', 'expected-signups=none')).toMatch(/given twice/);
});

const EXTRA = (answers: string) => `
questions:
  - id: planned
    text: Is it planned?
    because: The signals cannot tell.
    answers: [${answers}]
`;
const START = new URL('../../src/runbooks/get-into-teaching.yaml', import.meta.url);
test('a runbook with a question that cannot decide is refused', async () => {
  const { readFile } = await import('node:fs/promises');
  const yaml = await readFile(START, 'utf8');
  const own = yaml.slice(yaml.indexOf('\nquestions:'), yaml.indexOf('\ncharts:'));
  const problems = (answers: string) => {
    try {
      parseRunbook(yaml.replace(own, EXTRA(answers)), 'get-into-teaching.yaml');
      return [];
    } catch (error) {
      return (error as { problems: string[] }).problems;
    }
  };
  const answer = (id: string, category: string) =>
    `{ id: ${id}, text: t, category: ${category}, follows: f }`;
  const [yes, no] = [answer('yes', SURGE ?? ''), answer('no', ATTACK ?? '')];
  expect(problems(`${yes}, ${no}`)).toEqual([]);
  expect(problems(`${yes}, ${answer('no', 'automated-signup')}`).join()).toMatch(
    /no category "automated-signup".*did you mean "automated-signups"/,
  );
  expect(problems(`${yes}, ${answer('yes', ATTACK ?? '')}`).join()).toContain('there are two answers "yes"');
  expect(problems(`${yes}, ${answer('no', SURGE ?? '')}`).join()).toContain(
    'all answers point to one category',
  );
  const ruling = (category: string) => `${yes}, ${no.replace(' }', `, rules-out: [${category}] }`)}`;
  expect(problems(ruling(SURGE ?? ''))).toEqual([]);
  for (const category of [ATTACK ?? '', 'no-such']) {
    expect(problems(ruling(category)).join()).toContain(
      `"${category}" is not the category of another answer`,
    );
  }
  const known = `${yes}, ${no}]\n    known-by: [volum`;
  expect(problems(known).join()).toMatch(/there is no outcome "volum"; did you mean "volume"/);
  expect(problems(`${yes}, ${answer('unknown', ATTACK ?? '')}`).join()).toContain(
    'is an answer of every question',
  );
});

test('runbook show tells what is asked, for all of it and for a category that an answer points to', () => {
  const view = viewOf(runbook, { thresholds: {}, limits: {} });
  const show = (id: string | null) =>
    shownText(
      {
        ...{ view, origin: 'built-in', path: null, context: null, reach: [] },
        category: view.categories.find(({ spec }) => spec.id === id) ?? null,
      },
      'human',
      { paint: makePaint(false), width: 300 },
    );
  for (const id of [null, ATTACK ?? '']) {
    expect(show(id)).toContain(
      `  * expected-signups: Is a campaign, an event or a mailing known that makes so many sign up now, or somebody who enters many events? campaign (Yes, one is known): ${SURGE}; none (`,
    );
  }
});
