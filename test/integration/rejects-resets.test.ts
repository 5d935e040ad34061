import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import { rejectsIn, requestsAt, row } from '../support/collecting.ts';
import { series } from '../support/openmetrics.ts';
import { stopEverything } from '../support/processes.ts';

afterAll(stopEverything);

const WINDOW = 300;
const now = Math.floor(Date.now() / 1000);
const { requests, oldTarget } = requestsAt(now);

/** Born and reset inside the window: what the counter held at each scrape, the last one now. */
const SHAPES = [
  [1000, 900],
  [600, 600, 0, 0],
  [5, 5, 5, 600, 0],
  [500, 100, 100, 100, 100],
  [1000, 2000, 1500],
  [1000, 2000, 1000, 2000],
  [10, 1000, 990],
  [40, 80, 10, 50, 20, 60],
];

/** Steady growth from birth with one restart: truth is what the clients really sent. */
const GROWTHS = [-285, -240, -120, -60, -45].flatMap((bornAt) =>
  [0, 30, 600].flatMap((start) =>
    [bornAt + 8, bornAt + 22, Math.round(bornAt / 30) * 15 - 7, -8]
      .filter((resetAt) => resetAt > bornAt && resetAt < 0)
      .map((resetAt) => ({ bornAt, start, resetAt, perSecond: 2 })),
  ),
);

describe('a series born and reset inside the window', () => {
  let reading: Reading;
  let elapsed: number;
  beforeAll(async () => {
    const target = { job: 'gateway', instance: 'gw-1:8000', method: 'POST', path: '/execute', status: '429' };
    const shaped = SHAPES.map((values, index) =>
      series(
        'acp_gateway_request_total',
        { ...target, tenant_id: `shape-${index}` },
        {
          kind: 'counter',
          points: values.map((value, at) => [now - (values.length - 1 - at) * 15, value] as const),
        },
      ),
    );
    const grown = GROWTHS.map((growth, index) => requests(`growth-${index}`, growth));
    reading = await rejectsIn([oldTarget(), ...shaped, ...grown], WINDOW);
    elapsed = Date.now() / 1000 - now;
  });
  const increaseOf = (tenant: string) => row(reading, tenant).value * WINDOW;

  it.each(SHAPES.map((values, index) => ({ values, index })))(
    'rose as $values proves',
    ({ values, index }) => {
      const rises = values.map((value, at) => {
        const previous = values[at - 1] ?? value;
        return value >= previous ? value - previous : value;
      });
      const seen = rises.reduce((sum, rise) => sum + rise, 0);
      const increase = increaseOf(`shape-${index}`);
      expect(increase).toBeGreaterThanOrEqual(Math.max(seen, ...values) - 1e-6);
      // rate() reaches on from the last sample to now, which is the machine's slowness and not the formula's.
      const late = 1 + elapsed / (15 * (values.length - 1));
      expect(increase).toBeLessThanOrEqual(((values[0] ?? 0) + seen) * 1.03 * late);
    },
  );

  it('is never above the truth by more than a few per cent, whenever the restart was', () => {
    const ratios = GROWTHS.map(({ bornAt, start, perSecond }, index) => {
      const truth = start + perSecond * (elapsed - bornAt);
      return increaseOf(`growth-${index}`) / truth;
    });
    expect(Math.max(...ratios)).toBeLessThanOrEqual(1.05);
  });

  it('is never below its largest value, nor below the rises that were seen', () => {
    GROWTHS.forEach(({ bornAt, start, perSecond, resetAt }, index) => {
      const beforeReset = start + perSecond * (resetAt - bornAt - 15);
      const afterReset = perSecond * (-resetAt - 15);
      const proven = Math.max(beforeReset, afterReset, beforeReset - start + afterReset);
      expect({ index, enough: increaseOf(`growth-${index}`) >= proven - 1e-6 }).toEqual({
        index,
        enough: true,
      });
    });
  });
});
