import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CounterFamily } from '../../src/signals/redis/counters.ts';
import type { Family } from '../../src/signals/redis/family.ts';
import { Histogram } from '../../src/signals/redis/histogram.ts';
import { parseTemplate } from '../../src/signals/redis/keys.ts';
import { Counted, SeenKeys } from '../../src/signals/redis/seen.ts';
import type { KeyAccess } from '../../src/signals/redis/servers.ts';
import { SpendFamily } from '../../src/signals/redis/spend.ts';
import { TopK } from '../../src/signals/redis/top-k.ts';
import { address, agents, counters } from '../support/evidence.ts';

describe('TopK', () => {
  test('keeps what a sort would put first', () => {
    // Zero and minus zero are equal ranks: which of them comes first says nothing.
    const number = fc.double({ noNaN: true }).map((value) => (value === 0 ? 0 : value));
    const ranks = fc.array(fc.oneof(fc.integer({ min: -5, max: 20 }), number), { maxLength: 300 });
    fc.assert(
      fc.property(ranks, fc.integer({ min: 1, max: 40 }), (list, limit) => {
        const top = new TopK<number>(limit);
        for (const rank of list) top.add(rank, rank);
        expect(top.sorted()).toEqual([...list].sort((a, b) => b - a).slice(0, limit));
      }),
    );
  });

  test('admits exactly what it would keep, and of equals the first', () => {
    const top = new TopK<string>(2);
    expect(top.admits(-1)).toBe(true);
    top.add(5, 'a');
    top.add(3, 'b');
    expect([top.admits(3), top.admits(3.1)]).toEqual([false, true]);
    top.add(3, 'late');
    expect(top.sorted()).toEqual(['a', 'b']);
    top.add(9, 'c');
    expect(top.sorted()).toEqual(['c', 'a']);
  });
});

describe('Histogram', () => {
  const binsOf = (values: readonly number[]) => {
    const histogram = new Histogram();
    for (const value of values) histogram.add(value);
    return histogram.bins();
  };

  test('has a bin of its own for every whole number below 256', () => {
    const values = Array.from({ length: 255 }, (_, index) => index + 1);
    expect(binsOf([...values, ...values])).toEqual(
      values.map((value) => ({ from: value, count: 2, total: 2 * value, squares: 2 * value * value })),
    );
  });

  test('loses no count, no total and no square, and puts each value where it belongs', () => {
    const values = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 1_000_000 })),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(values, (list) => {
        const bins = binsOf(list);
        const sum = (of: (bin: (typeof bins)[number]) => number) =>
          bins.reduce((all, bin) => all + of(bin), 0);
        expect(sum((bin) => bin.count)).toBe(list.length);
        expect(sum((bin) => bin.total)).toBe(list.reduce((all, value) => all + value, 0));
        expect(sum((bin) => bin.squares)).toBe(list.reduce((all, value) => all + value * value, 0));
        const starts = bins.map(({ from }) => from);
        expect(starts).toEqual([...starts].sort((a, b) => a - b));
        for (const { from, count, total } of bins) {
          expect(total / count).toBeGreaterThanOrEqual(from * (1 - 1e-12));
          expect(total / count).toBeLessThan(from < 256 ? from + 1 : from * 1.05);
        }
      }),
    );
  });

  test('stays small however many values there are', () => {
    expect(binsOf(Array.from({ length: 100_000 }, (_, index) => index * 97 + 1)).length).toBeLessThan(600);
  });
});

describe('SeenKeys', () => {
  test('knows each key once', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 12 })), (keys) => {
        const seen = new SeenKeys();
        expect(keys.filter((key) => seen.isNew(key))).toEqual([...new Set(keys)]);
        expect(keys.some((key) => seen.isNew(key))).toBe(false);
        expect(seen.overflowed).toBe(false);
      }),
    );
  });

  test('tells a quarter of a million similar keys apart, and says when it cannot any more', () => {
    const seen = new SeenKeys();
    const capacity = 1 << 18;
    let repeats = 0;
    for (let index = 0; index < capacity; index++) {
      const ip = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
      if (!seen.isNew(`acp:auth_fail:${ip}`)) repeats += 1;
    }
    expect(repeats).toBe(0);
    expect(seen.overflowed).toBe(false);
    expect(seen.isNew('acp:auth_fail:203.0.113.1')).toBe(true);
    expect(seen.overflowed).toBe(true);
    expect(seen.isNew('acp:auth_fail:10.0.0.0')).toBe(false);
  });
});

describe('what was counted for whom', () => {
  test('is the largest so far, and what came before it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.integer({ min: 1, max: 99 }))), (all) => {
        const counted = new Counted();
        const known = new Map<string, number>();
        for (const [name, value] of all) {
          expect(counted.raise(name, value)).toBe(known.get(name) ?? null);
          known.set(name, Math.max(known.get(name) ?? 0, value));
        }
        expect(counted.overflowed).toBe(false);
      }),
    );
  });

  test('is forgotten of those that come when it is full, which is said', () => {
    const counted = new Counted();
    for (let index = 0; index < 1 << 18; index++) counted.raise(`10.0.${index}`, 1);
    expect(counted.overflowed).toBe(false);
    expect(counted.raise('late', 3)).toBe(null);
    expect(counted.raise('late', 3)).toBe(null);
    expect(counted.overflowed).toBe(true);
    expect(counted.raise('10.0.7', 5)).toBe(1);
  });
});

describe("the tests' evidence is what the adapters would read", () => {
  const NO_REDIS: KeyAccess = {
    values: async () => [],
    pttl: async (keys) => keys.map(() => -1),
    types: async () => [],
  };
  const NOW = '2026-05-29T03:12:04.000Z';
  /** Without what only a real source tells: its warnings, and which of several it is. */
  const readingOf = async (family: Family) => {
    const reading = (await family.finish(NO_REDIS, 1))?.reading;
    return { ...reading, warnings: [], rows: reading?.rows.map((row) => ({ ...row, sources: [] })) };
  };
  const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
  const give = (family: Family, key: string, values: (string | null)[]) => {
    const claim = family.claim(key, Buffer.from(key, 'latin1'));
    if (claim === null) throw new Error(`not claimed: ${key}`);
    family.take(claim, values);
  };

  test('of counters', async () => {
    const ids = fc.oneof(fc.nat(60).map(address), fc.string({ minLength: 1, maxLength: 20 }));
    const entries = fc.uniqueArray(fc.tuple(ids, fc.integer({ min: 1, max: 5000 })), {
      minLength: 1,
      selector: ([id]) => id,
    });
    await fc.assert(
      fc.asyncProperty(entries, async (list) => {
        const template = parseTemplate('acp:auth_fail:{ip}', NOW);
        const plain = { windowSeconds: 300, renewed: false, stopsAt: null, claimed: false, period: null };
        const family = new CounterFamily([{ template, ...plain }], 'ip');
        for (const [id, count] of list) give(family, template.prefix + latin1(id), [String(count)]);
        expect(await readingOf(family)).toEqual(counters(list, null));
      }),
    );
  });

  test('of spend', async () => {
    const cap = fc.constantFrom('100.00', '50', '0', '-1', 'abc', null);
    const entries = fc.uniqueArray(
      fc.tuple(fc.string({ minLength: 1, maxLength: 9 }), fc.tuple(fc.nat(200), cap)),
      {
        minLength: 1,
        selector: ([id]) => id,
      },
    );
    await fc.assert(
      fc.asyncProperty(entries, async (list) => {
        const spend = parseTemplate('acp:agent_cost_today:{agent}:{yyyymmdd}', NOW);
        const limit = parseTemplate('acp:agent_cost_cap:{agent}', NOW);
        const family = new SpendFamily(
          [{ spend, cap: limit, unit: 'USD', period: 'day', elapsedSeconds: 11_524 }],
          { kind: 'agent', many: 'agents' },
        );
        for (const [id, [spent, stored]] of list) {
          const key =
            stored === null ? `${spend.prefix}${latin1(id)}:20260529` : `${limit.prefix}${latin1(id)}`;
          give(family, key, [String(spent), stored]);
        }
        expect(await readingOf(family)).toEqual(agents(list));
      }),
    );
  });
});
