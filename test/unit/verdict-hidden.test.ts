import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Id, Reading } from '../../src/evidence/types.ts';
import { agents, counters, crowd, deploys, rejects } from '../support/evidence.ts';
import { categoriesOf, findingOf, subjectIds, triage } from '../support/triage.ts';

/** What is loud must not keep what is less loud from being told. */

const HEAVY = '203.0.113.42';
const SINGLE = 'single-ip-credential-stuffing';
const DISTRIBUTED = 'distributed-credential-stuffing';
const failures = (byIp: Parameters<typeof counters>[0]): Record<string, Reading> => ({
  'auth-failures-by-ip': counters(byIp),
});

/** Every address is a subject, or a distributed attack is told. */
function expectTold(byIp: Record<string, number>, noise: Record<string, number> = {}): void {
  const verdict = triage(failures({ ...byIp, ...noise }));
  if (categoriesOf(verdict).includes(DISTRIBUTED)) return;
  expect(subjectIds(findingOf(verdict, SINGLE)).sort()).toEqual(Object.keys(byIp).sort());
}

test.each([
  [3, 3],
  [2, 4],
  [1, 5],
  [5, 1],
  [6, 6],
])('%i at 10,000 do not hide %i at 500', (loud, quieter) => {
  expectTold({ ...crowd(loud, 10_000), ...crowd(quieter, 500, 50) });
});

test('one at 10,000 does not hide four at 500: five heavy addresses are a few', () => {
  const byIp = { [HEAVY]: 10_000, ...crowd(4, 500) };
  expect(subjectIds(findingOf(triage(failures(byIp)), SINGLE)).sort()).toEqual(Object.keys(byIp).sort());
});

test('any address at 500 is told, beside a few louder ones and any noise', () => {
  const few = (from: number, to: number, minLength: number) =>
    fc.array(fc.integer({ min: from, max: to }), { minLength, maxLength: 5 });
  fc.assert(
    fc.property(
      few(5000, 9000, 0),
      few(500, 600, 1),
      fc.constantFrom(1, 2),
      fc.nat(60),
      (loud, quieter, noise, size) => {
        const heavy = [...loud, ...quieter];
        expectTold(
          crowd(heavy.length, (index) => heavy[index] ?? 0, 100),
          crowd(size, noise),
        );
      },
    ),
  );
});

test.each([
  [[5000, 5000, 5000, 1600, 1600, 1600, 500]],
  [[1_000_000, 10_000, 500]],
  [[1149, 1833, 1832, 510, 1833, 502, 2981, 2920, 3753, 500, 508]],
])('%j: the smallest is told', (counts) => {
  expectTold(crowd(counts.length, (index) => counts[index] ?? 0));
});

test.each([1e6, 1e9, 1e12, 999_999_999_999_999])('a counter at %d does not hide sixty at 15', (huge) => {
  const verdict = triage(failures({ [HEAVY]: huge, ...crowd(60, 15) }));
  expect(categoriesOf(verdict)).toEqual([DISTRIBUTED, SINGLE]);
  expect(subjectIds(findingOf(verdict, SINGLE))).toEqual([HEAVY]);
});

const strangers = Array.from({ length: 300 }, (_, index): [Id, number] => [`x${index}`, 1000]);

test('hundreds of larger names that are no addresses do not hide an address', () => {
  const verdict = triage(failures([...strangers, [HEAVY, 900]]));
  expect(subjectIds(findingOf(verdict, SINGLE))).toEqual([HEAVY]);
});

test('nor do they make a crowd look like clients after a deploy', () => {
  const byIp = [...strangers, ...Object.entries(crowd(60, 15))];
  expect(categoriesOf(triage({ ...failures(byIp), deploys: deploys([60]) }))).toEqual([DISTRIBUTED]);
});

test('huge strangers are told beside a finding', () => {
  const verdict = triage(failures({ 'not-an-ip': 50_000, [HEAVY]: 26 }));
  expect(subjectIds(findingOf(verdict, SINGLE))).toEqual([HEAVY]);
  expect(verdict.unexplained.map(({ code }) => code)).toEqual(['strangers', 'strangers']);
});

test('rejections that no category fits are told beside an agent at its cap', () => {
  const six = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`t${index}`, { '/agents': 0.2 }]));
  const verdict = triage({
    'rejects-by-tenant': rejects(six),
    'agent-spend': agents({ summarizer: [100, '100.00'] }),
  });
  expect(categoriesOf(verdict)).toEqual(['agent-over-cost-cap']);
  expect(verdict.unexplained.map(({ signal }) => signal)).toEqual(['rejects-by-tenant']);
});
