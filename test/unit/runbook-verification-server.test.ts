import { beforeAll, describe, expect, test } from 'vitest';
import type { Answers } from '../../src/evidence/answers.ts';
import {
  absent,
  type Evidence,
  empty,
  measured,
  type Reading,
  rowOf,
  unknown,
} from '../../src/evidence/types.ts';
import { othersOf } from '../../src/output/question-sentences.ts';
import { unseen } from '../../src/output/triage-unseen.ts';
import { answersBefore } from '../../src/report/answers.ts';
import type { Look } from '../../src/report/model.ts';
import { categoriesFound } from '../../src/report/roots.ts';
import { judge } from '../../src/verdict/judge.ts';
import { builtIn } from '../support/evidence.ts';
import { labelledOf } from '../support/labelled.ts';
import { play, tried } from '../support/played.ts';
import { categoriesOf } from '../support/triage.ts';

const runbook = builtIn('verification-server');
const incidents = labelledOf('verification-server');

describe('the incidents of the verification server', () => {
  test.each([...incidents])('%s', async (name, incident) => {
    expect(tried(name, incident, await play(incident)).mismatches).toEqual([]);
  });

  test('are of every category, quiet ones and ones with a source missing among them', () => {
    const truths = new Set([...incidents.values()].flatMap(({ expect: label }) => label.category));
    expect([...truths].sort()).toEqual(
      [...runbook.categories.map(({ id }) => id), 'inconclusive', 'quiet'].sort(),
    );
  });
});

test('a source that is not there is said, and is not zero', async () => {
  const incident = incidents.get('verification-server/no-metric');
  const { evidence } = await play(incident ?? expect.fail());
  expect(evidence.signals['limited-by-job']).toMatchObject({ status: 'absent', total: null });
  const without = incidents.get('verification-server/no-such-streams');
  const { signals } = (await play(without ?? expect.fail())).evidence;
  expect(signals['lines-by-user']).toMatchObject({ status: 'absent', total: null });
  expect(signals['lines-by-user']?.reason).toBe('no stream of the logs has app="verification-server"');
});

test('a key of the limiter and a job are nobody, and never a subject', async () => {
  for (const name of ['nat-by-realm-key', 'user-both', 'realm-code']) {
    const { verdict } = await play(incidents.get(`verification-server/${name}`) ?? expect.fail());
    const kinds = verdict.findings.flatMap(({ subjects }) => subjects.map(({ kind }) => kind));
    expect(kinds.filter((kind) => !['ip', 'user', 'realm'].includes(kind))).toEqual([]);
  }
});

describe('whose address it is', () => {
  let seen: Evidence;
  beforeAll(async () => {
    seen = (await play(incidents.get('verification-server/ip-code') ?? expect.fail())).evidence;
  });
  /** The verdict when something tells this of the clients behind addresses. */
  const told = (reading: Reading, answers: Answers = {}) => {
    const { 'clients-by-ip': own, ...others } = seen.signals;
    if (own === undefined) return expect.fail();
    const sources = own.sources.map((source) => ({ ...source, status: reading.status }));
    return judge(
      { ...seen, signals: { ...others, 'clients-by-ip': { ...own, ...reading, sources } } },
      runbook,
      answers,
    );
  };
  const row = (id: string, clients: number) =>
    rowOf({
      ...{ id, valid: true, value: 100, share: 1, public: true },
      labels: { client: Object.fromEntries(Array.from({ length: clients }, (_, at) => [`c${at}`, 1])) },
    });
  const behind = (id: string, clients: number) =>
    measured({ total: 100, distinct: 1, rows: [row(id, clients)] });

  test.each([
    ['no query is configured', absent('not configured', 'not-configured')],
    ['no source has it', absent('there is no such metric')],
    ['it holds nothing', empty('no such line')],
    ['it could not be read', unknown('timeout', 'no answer before the deadline')],
    ['it tells of other addresses only', behind('192.0.2.1', 40)],
  ])('is asked while %s, and neither answer is ruled out', (_, reading) => {
    const verdict = told(reading);
    expect(verdict.questions).toMatchObject([{ id: 'whose-address', open: true }]);
    expect(categoriesOf(verdict)).toEqual(['shared-nat-address', 'limited-by-ip']);
    expect(verdict.findings.map(({ confidence }) => confidence)).toEqual(['low', 'low']);
  });

  test.each([
    ['shared-nat-address', 10],
    ['limited-by-ip', 9],
  ])('is not asked where it is known: %s', (category, clients) => {
    const verdict = told(behind('203.0.113.9', clients));
    expect(verdict).toMatchObject({ category, confidence: 'high', questions: [] });
    expect(categoriesOf(verdict)).toEqual([category]);
  });

  test('an answer drops what it has settled, and never speaks against what is known', () => {
    const answers = { 'whose-address': { answer: 'one-client', by: 'sam' } };
    const steps = told(absent('none', 'not-configured'), answers).findings[0]?.responses.map(({ id }) => id);
    expect(steps).toContain('armor-preview');
    expect(steps).not.toContain('rule-out-nat');
    expect(told(behind('203.0.113.9', 40), answers).category).toBe('shared-nat-address');
  });
});

describe('a report after an answer', () => {
  const lookAt = async (name: string, answers: Answers = {}): Promise<Look> => {
    const { evidence } = await play({
      ...(incidents.get(`verification-server/${name}`) ?? expect.fail()),
      answers: {},
    });
    return { atMs: 0, file: null, evidence, verdict: judge(evidence, runbook, answers) };
  };
  const said = { 'whose-address': { answer: 'one-client', by: 'sam' } };

  test('is of what it was answered with, though it was open before', async () => {
    const looks = [await lookAt('ip-code'), await lookAt('ip-code', said)];
    expect(categoriesFound(looks, runbook).map(({ id }) => id)).toEqual(['limited-by-ip']);
    expect(answersBefore(looks[0]?.verdict.questions ?? [], looks)).toEqual(said);
  });

  test('begins with what is known, whatever else is open', async () => {
    const look = await lookAt('user-and-address');
    expect(categoriesFound([look], runbook).map(({ id }) => id)).toEqual([
      ...['limited-by-user', 'shared-nat-address', 'limited-by-ip'],
    ]);
    const [known, ...open] = look.verdict.findings.map(({ category }) => category);
    expect(othersOf(look.verdict, [known ?? ''], open)).toEqual(['shared-nat-address or limited-by-ip']);
  });

  test('takes it of the same address alone', async () => {
    const [answered, other] = [await lookAt('ip-code', said), await lookAt('nat-unseen')];
    expect(answersBefore(other.verdict.questions, [answered])).toEqual({});
    expect(categoriesFound([answered, other], runbook).map(({ id }) => id)).toEqual([
      ...['limited-by-ip', 'shared-nat-address'],
    ]);
  });
});

test('one address that is known to be shared leaves nothing to ask of another one that is not', async () => {
  const { verdict } = await play(incidents.get('verification-server/nat-and-scanner') ?? expect.fail());
  expect(verdict.questions).toEqual([]);
  expect(
    verdict.findings.map(({ category, subjects }) => [category, ...subjects.map(({ id }) => id)]),
  ).toEqual([
    ['shared-nat-address', '198.51.100.7'],
    ['limited-by-ip', '203.0.113.9'],
  ]);
});

test('a campus that is known leaves nothing to ask of a realm whose own system is limited', async () => {
  const campus = incidents.get('verification-server/nat-by-address') ?? expect.fail();
  const system = incidents.get('verification-server/realm-code') ?? expect.fail();
  const { verdict } = await play({ ...campus, logs: [...campus.logs, ...system.logs] });
  expect(verdict.questions).toEqual([]);
  expect(verdict.findings.map(({ category, confidence }) => [category, confidence])).toEqual([
    ['shared-nat-address', 'high'],
    ['limited-by-realm-api-key', 'high'],
  ]);
});

test('an answer about an address leaves a realm that is limited as well', async () => {
  const both = incidents.get('verification-server/user-and-address') ?? expect.fail();
  const [line] = both.logs.filter(({ fields }) => fields.key?.includes(':user:'));
  const key = 'adminapi:ratelimit:realm:4be1c0d190aa7f3e2b6d1c5f8091a2b3c4d5e6f7';
  const realm = { ...line, fields: { ...line?.fields, key } } as (typeof both.logs)[number];
  const { evidence } = await play({ ...both, logs: [...both.logs, realm] });
  const { findings, questions } = judge(evidence, runbook, {
    'whose-address': { answer: 'one-client', by: 'sam' },
  });
  expect(questions).toMatchObject([{ open: false }]);
  expect(findings.map(({ category }) => category)).toEqual([
    ...['limited-by-ip', 'limited-by-user', 'limited-by-realm-api-key'],
  ]);
});

test('what an answer leaves beside its own category is not surer than that', async () => {
  const plain = incidents.get('verification-server/realm-one-address') ?? expect.fail();
  const address = incidents.get('verification-server/ip-code') ?? expect.fail();
  const { evidence } = await play({ ...plain, logs: [...plain.logs, ...address.logs] });
  const { findings } = judge(evidence, runbook, { 'whose-address': { answer: 'one-client', by: 'sam' } });
  expect(findings.map(({ category, confidence }) => [category, confidence])).toEqual([
    ['limited-by-ip', 'medium'],
    ['limited-by-realm-api-key', 'medium'],
  ]);
});

test('of a capture that was not asked on which server a realm is limited, the level is not sure', async () => {
  const { evidence } = await play(incidents.get('verification-server/realm-one-address') ?? expect.fail());
  const { 'limited-app-keys': own, ...others } = evidence.signals;
  if (own === undefined) return expect.fail();
  const unasked = { ...own, ...absent('not asked for when this was recorded', 'not-configured') };
  const verdict = judge({ ...evidence, signals: { ...others, 'limited-app-keys': unasked } }, runbook);
  expect(verdict).toMatchObject({ category: 'limited-by-realm-api-key', confidence: 'medium' });
});

test('where nobody has said where the logs are, it is said that only they tell', async () => {
  const { evidence } = await play(incidents.get('verification-server/no-logs') ?? expect.fail());
  const signals = Object.fromEntries(
    Object.entries(evidence.signals).map(([id, signal]) => [
      id,
      id.startsWith('limit') && signal.status === 'absent'
        ? { ...signal, ...absent('not configured (logs of the context)', 'not-configured') }
        : signal,
    ]),
  );
  expect(unseen({ evidence: { ...evidence, signals }, runbook })).toContain(
    'only logs tell limited-realm-keys, limited-app-keys, limited-user-keys, limited-ip-keys: not configured (logs of the context)',
  );
});
