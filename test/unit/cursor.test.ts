import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visitedShare } from '../../src/signals/redis/cursor.ts';

/** The cursors that SCAN returns for a table of so many buckets, one bucket a call: it counts with the bits reversed. */
function cursorsOf(bits: number): string[] {
  const reversed = (value: number) => {
    let [all, rest] = [0, value];
    for (let bit = 0; bit < bits; bit++, rest >>= 1) all = all * 2 + (rest & 1);
    return all;
  };
  return Array.from({ length: 2 ** bits }, (_, index) => String(reversed((index + 1) % 2 ** bits)));
}

describe('the share that a cursor tells', () => {
  test.each([1, 3, 8])('is exact, bucket by bucket, of a table of 2^%i', (bits) => {
    const size = 2 ** bits;
    const shares = cursorsOf(bits).map((cursor) => visitedShare(cursor, 'table'));
    expect(shares).toEqual(Array.from({ length: size }, (_, index) => (index + 1) / size));
  });

  test('does not depend on the size of the table: a rehash does not set it back', () => {
    // Half of a table of 8 is half of one of 16.
    expect(visitedShare('1', 'table')).toBe(0.5);
    expect(visitedShare('0', 'table')).toBe(1);
    expect(visitedShare('18446744073709551615', 'table')).toBeCloseTo(1, 6);
  });

  test('is between nothing and all, for any cursor of 64 bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }), (cursor) => {
        const share = visitedShare(String(cursor), 'table');
        expect(share).toBeGreaterThan(0 - Number.EPSILON);
        expect(share).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('counts slots first where every slot has a table of its own', () => {
    const layout = {
      slots: [
        [100, 199],
        [500, 599],
      ] as const,
    };
    const at = (slot: number, cursor: number) => String((BigInt(cursor) << 14n) | BigInt(slot));
    expect(visitedShare(at(100, 1), layout)).toBeCloseTo(0.5 / 200, 9);
    expect(visitedShare(at(150, 0), layout)).toBeCloseTo(50 / 200, 9);
    expect(visitedShare(at(500, 1), layout)).toBeCloseTo(100.5 / 200, 9);
    expect(visitedShare('0', layout)).toBe(1);
  });

  test('is none where the server does not say how it counts', () => {
    expect(visitedShare('77', 'unknown')).toBe(0);
    expect(visitedShare('0', 'unknown')).toBe(1);
  });
});
