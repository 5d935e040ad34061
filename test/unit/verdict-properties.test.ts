import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import { isValidId } from '../../src/signals/entities.ts';
import { judge } from '../../src/verdict/judge.ts';
import { anyReadings, happening, type Names, plainNames, readingsOf } from '../support/arbitrary-evidence.ts';
import * as given from '../support/evidence.ts';
import { categoriesOf, subjectIds, triage } from '../support/triage.ts';

const { aegis, evidence } = given;
const LEVELS = ['low', 'medium', 'high'];
const RANKS = new Map(aegis.categories.map(({ id, rank }) => [id, rank]));
const SIGNALS = Object.keys(aegis.signals);

/** The list in the order of the keys. */
const shuffled =
  (keys: readonly number[]) =>
  <T>(list: T[]) =>
    list
      .map((item, index) => ({ item, key: keys[index % keys.length] ?? 0 }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item);

const shape = (readings: Record<string, Reading>) => {
  const { category, findings, blind, unexplained } = triage(readings);
  return {
    category,
    findings: findings.map((f) => ({
      id: f.category,
      confidence: f.confidence,
      subjects: f.subjects.length,
    })),
    blind,
    unexplained: unexplained.map(({ code }) => code),
  };
};

describe('any evidence', () => {
  test('is judged, and the same way each time', () => {
    fc.assert(
      fc.property(anyReadings, (readings) => {
        const facts = evidence(readings);
        const frozen = JSON.stringify(facts);
        const verdict = judge(facts, aegis);
        expect(judge(JSON.parse(frozen), aegis)).toEqual(verdict);
        expect(JSON.stringify(facts)).toBe(frozen);
      }),
    );
  });

  test('gives findings worst first, each category once, and a verdict that is the first', () => {
    fc.assert(
      fc.property(anyReadings, (readings) => {
        const verdict = triage(readings);
        const found = categoriesOf(verdict);
        // Low confidence never stands before a surer finding; among equals the rank decides.
        const places = verdict.findings.map(
          ({ category, confidence }) =>
            (confidence === 'low' ? 1000 : 0) + (RANKS.get(category) ?? Number.NaN),
        );
        expect(places).toEqual([...places].sort((a, b) => a - b));
        const told = [
          ...found,
          ...[...verdict.ruledOut, ...verdict.undecided].map(({ category }) => category),
        ];
        expect(told.sort()).toEqual([...RANKS.keys()].sort());
        if (found.length > 0) {
          expect(verdict).toMatchObject({ category: found[0], confidence: verdict.findings[0]?.confidence });
        } else {
          expect(['quiet', 'inconclusive']).toContain(verdict.category);
        }
      }),
    );
  });

  test('makes only valid ids subjects, each of them once and with its number', () => {
    fc.assert(
      fc.property(anyReadings, (readings) => {
        for (const finding of triage(readings).findings) {
          expect(new Set(subjectIds(finding)).size).toBe(finding.subjects.length);
          for (const { kind, id, signal, value } of finding.subjects) {
            expect(isValidId(kind, id)).toBe(true);
            expect(evidence(readings).signals[signal]?.rows).toContainEqual(
              expect.objectContaining({ id, value, valid: true }),
            );
          }
        }
      }),
    );
  });

  test('is never quiet while any signal is unknown, and only for sure when all of them are seen', () => {
    fc.assert(
      fc.property(anyReadings, (readings) => {
        const verdict = triage(readings);
        if (verdict.category !== 'quiet') return;
        const states = SIGNALS.map((id) => readings[id]?.status ?? 'measured');
        expect(states).not.toContain('unknown');
        expect(verdict).toMatchObject({ findings: [], unexplained: [], blind: [] });
        if (verdict.undecided.length > 0) expect(verdict.confidence).toBe('medium');
      }),
    );
  });
});

describe('what must not matter', () => {
  test('other names of the same kind', () => {
    const renamed: Names = {
      ip: (n) => given.address(100_000 - n),
      tenant: (n) => `__proto__ \u202e ${999 - n}`,
      agent: (n) => `z${9 - n}`,
    };
    fc.assert(
      fc.property(happening, (what) => {
        expect(shape(readingsOf(what, renamed))).toEqual(shape(readingsOf(what)));
      }),
    );
  });

  test('the order in which entities and signals come by', () => {
    fc.assert(
      fc.property(happening, fc.array(fc.nat(), { minLength: 1, maxLength: 300 }), (what, keys) => {
        const there = readingsOf(what);
        const { signals, ...rest } = evidence(readingsOf(what, plainNames, shuffled(keys)));
        const reversed = { ...rest, signals: Object.fromEntries(Object.entries(signals).reverse()) };
        expect(categoriesOf(judge(reversed, aegis))).toEqual(categoriesOf(triage(there)));
        expect(judge(reversed, aegis).category).toBe(triage(there).category);
      }),
    );
  });

  test('noise below the floor, unless it is itself the news (after a deploy, or beside a high total)', () => {
    const calm = happening.map((what) => ({
      ...what,
      ages: [86_400],
      perSecond: Math.min(what.perSecond, 4.99),
    }));
    const noise = fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 400 });
    fc.assert(
      fc.property(calm, noise, (what, more) => {
        const noisy = { ...what, failures: [...what.failures, ...more] };
        const [before, after] = [triage(readingsOf(what)), triage(readingsOf(noisy))];
        expect(categoriesOf(after)).toEqual(categoriesOf(before));
        expect(after.category).toBe(before.category);
        expect(after.findings.flatMap(subjectIds).sort()).toEqual(before.findings.flatMap(subjectIds).sort());
      }),
    );
  });

  test('the size of an attack that is above all thresholds', () => {
    const large = fc.record({
      failures: fc.array(fc.integer({ min: 100, max: 5000 }), { minLength: 1, maxLength: 80 }),
      rejected: fc.array(
        fc.record({ execute: fc.integer({ min: 1, max: 50 }), other: fc.integer({ min: 0, max: 50 }) }),
        { maxLength: 12 },
      ),
    });
    fc.assert(
      fc.property(
        happening,
        large,
        fc.integer({ min: 2, max: 16 }),
        (what, { failures, rejected }, factor) => {
          const base = { ...what, failures, rejected, strangers: [] };
          const scaled = {
            ...base,
            failures: failures.map((n) => n * factor),
            rejected: rejected.map(({ execute, other }) => ({
              execute: execute * factor,
              other: other * factor,
            })),
          };
          expect(shape(readingsOf(scaled))).toEqual(shape(readingsOf(base)));
        },
      ),
    );
  });
});

describe('what is unknown', () => {
  test('never makes a finding surer', () => {
    fc.assert(
      fc.property(anyReadings, fc.constantFrom(...SIGNALS), (readings, id) => {
        const before = triage(readings);
        const after = triage({ ...readings, [id]: given.unknown('timeout', 'no answer in 5s') });
        for (const { category, confidence } of after.findings) {
          const then = before.findings.find((finding) => finding.category === category);
          if (then) expect(LEVELS.indexOf(confidence)).toBeLessThanOrEqual(LEVELS.indexOf(then.confidence));
        }
        expect(after.category === 'quiet' && after.confidence === 'high').toBe(false);
      }),
    );
  });

  test('never makes quiet of what was inconclusive', () => {
    fc.assert(
      fc.property(anyReadings, fc.constantFrom(...SIGNALS), (readings, id) => {
        fc.pre(triage(readings).category === 'inconclusive');
        expect(triage({ ...readings, [id]: given.unknown('timeout', 'late') }).category).not.toBe('quiet');
      }),
    );
  });
});
