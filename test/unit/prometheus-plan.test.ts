import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { selector } from '../../src/runbooks/sources.ts';
import { countsOnce, planOf } from '../../src/signals/prometheus/plan.ts';
import { identityOf, isEverywhere, leavingOut, type Target } from '../../src/signals/prometheus/targets.ts';

const target = (instance: string, samples = 20, more: Partial<Target> = {}): Target => ({
  ...{ job: 'gateway', instance, samples, startedAt: null },
  ...more,
});
const targets = (...names: string[]) => names.map((name) => target(name));
const brief = (seen: Parameters<typeof planOf>[0]) =>
  planOf(seen).map(({ counts, without, doubt }) => [
    counts,
    without.map(({ instance }) => instance).join(' '),
    doubt === null ? null : doubt.slice(0, 30),
  ]);

describe('who counts what', () => {
  test('each its own', () => {
    expect(brief([targets('a', 'b'), targets('c')])).toEqual([
      [true, '', null],
      [true, '', null],
    ]);
  });

  test('of a pair one', () => {
    expect(brief([targets('a', 'b'), targets('a', 'b')])).toEqual([
      [true, '', null],
      [false, '', null],
    ]);
    expect(brief([targets('a'), targets('a', 'b')])).toEqual([
      [false, '', null],
      [true, '', null],
    ]);
  });

  test('what is shared, once, by the one with more samples', () => {
    expect(brief([targets('a', 'b'), targets('b', 'c', 'd')])).toEqual([
      [true, 'b', null],
      [true, '', null],
    ]);
  });

  test('a target with gaps is counted where it has none, others stay where they are', () => {
    const [a, b] = [
      [target('a', 20), target('b', 5), target('x', 40)],
      [target('a', 19), target('b', 20)],
    ];
    expect(brief([a, b])).toEqual([
      [true, 'b', null],
      [true, 'a', null],
    ]);
  });

  test('one that has nothing rests nobody', () => {
    expect(brief([[], targets('a')])).toEqual([
      [true, '', null],
      [true, '', null],
    ]);
    // With too many to tell, and nobody to share them with.
    expect(brief([[], null])).toEqual([
      [true, '', null],
      [true, '', null],
    ]);
  });

  test('the same instance of another job is another target', () => {
    const other = target('a', 20, { job: 'node' });
    expect(brief([targets('a'), [other]])).toEqual([
      [true, '', null],
      [true, '', null],
    ]);
  });

  test('too many, without names and called localhost: it cannot be told', () => {
    expect(brief([null, targets('a')])).toEqual([
      [false, '', 'it collects too many targets t'],
      [true, '', null],
    ]);
    expect(brief([targets('', 'a'), targets('a')])[0]).toEqual([false, '', 'its series have no label `inst']);
    expect(brief([targets('localhost:1'), targets('localhost:1', 'b')])).toEqual([
      [false, '', 'targets of both are called loc'],
      [true, '', null],
    ]);
    const long = Array.from({ length: 20 }, (_, i) => 'x'.repeat(200) + i);
    expect(brief([targets(...long, 'a'), targets(...long, 'b', 'c')])[0]).toEqual([
      false,
      '',
      '20 of its 21 targets are colle',
    ]);
  });

  test('whatever they see, nothing counts twice, and nothing is lost where there is no doubt', () => {
    const one = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat(30)), {
      selector: ([name]) => name,
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 1, maxLength: 4 }), (all) => {
        const seen = all.map((list) => list.map(([name, samples]) => target(name, samples)));
        const shares = planOf(seen);
        expect(shares.every(({ doubt }) => doubt === null)).toBe(true);
        expect(countsOnce(seen, shares)).toBe(true);
      }),
    );
  });
});

test('names that every host has', () => {
  for (const name of [
    'localhost',
    'localhost:8000',
    '127.0.0.1:9090',
    '127.8.8.8',
    '[::1]:80',
    '::1',
    'LOCALHOST:1',
  ]) {
    expect([name, isEverywhere(target(name))]).toEqual([name, true]);
  }
  for (const name of [
    'gw-1:8000',
    '10.0.0.1:80',
    'localhost.example:80',
    'http://localhost:80',
    '',
    '[fe80::1]:80',
  ]) {
    expect([name, isEverywhere(target(name))]).toEqual([name, false]);
  }
  const at = (startedAt: string) => identityOf(target('localhost:1', 1, { startedAt }));
  expect(at('1')).not.toBe(at('2'));
  expect(identityOf(target('a', 1, { startedAt: '1' }))).toBe(identityOf(target('a', 2, { startedAt: '2' })));
});

describe('a query without some targets', () => {
  test('names them literally, by job', () => {
    const given = [target('a.b:1'), target('x"}|\\'), target('c', 1, { job: 'no"de' })];
    expect(leavingOut('rate', 'm', given, { windowSeconds: 60 })).toBe(
      '((rate) unless on (job, instance) (' +
        String.raw`group by (job, instance) (last_over_time(m{job="gateway",instance=~"a\\.b:1|x\"\\}\\|\\\\"}[60s]))` +
        String.raw` or group by (job, instance) (last_over_time(m{job="no\"de",instance=~"c"}[60s]))))`,
    );
    expect(leavingOut('rate', 'm', [], { windowSeconds: 60 })).toBe('rate');
  });

  test('a regular expression that matches that text and nothing else', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.string({ maxLength: 20 }),
        (text, other) => {
          const quoted = /=~(".*")\}$/s.exec(selector('m', { l: [text] }))?.[1] ?? '';
          const pattern = new RegExp(`^(?:${JSON.parse(quoted)})$`, 's');
          expect(pattern.test(text)).toBe(true);
          expect(pattern.test(other)).toBe(text === other);
        },
      ),
    );
  });
});
