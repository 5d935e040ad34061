import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Control } from '../../src/commands/watch-control.ts';
import { InterruptedError } from '../../src/errors.ts';
import { rhythmOf } from '../../src/watch/rhythm.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const INTERVAL = 5_000;

/** A watch whose looks take so long, and when each of them began and ended. */
function watch(tookMs: (look: number) => number, looks = Number.POSITIVE_INFINITY) {
  const interrupt = new AbortController();
  const start = performance.now();
  const now = () => performance.now() - start;
  const control = new Control({ steady: now }, interrupt.signal);
  const spans: { from: number; to: number | null }[] = [];
  const run = async () => {
    for (let look = 0; look < looks; look += 1) {
      const span: (typeof spans)[number] = { from: now(), to: null };
      spans.push(span);
      const seen = await control.look(async (signal) => {
        await new Promise<void>((resolve, reject) => {
          setTimeout(resolve, tookMs(look));
          signal.addEventListener('abort', () => reject(signal.reason));
        });
        return true;
      });
      if (seen === null) return 'left';
      span.to = now();
      if (!(await control.rest(rhythmOf(INTERVAL, span.to - span.from)))) return 'left';
    }
    return 'done';
  };
  const ended = run().catch((error: unknown) => error);
  return { control, interrupt, spans, ended, begun: () => spans.map(({ from }) => from) };
}

test('a look never begins before the one before has ended, and then only after twice as long a rest', async () => {
  const { spans, control, ended } = watch((look) => [200, 4_000, 9_000, 100, 100][look] ?? 100);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(spans.slice(0, 5).map(({ from }) => from)).toEqual([0, 5_000, 17_000, 44_000, 49_000]);
  control.quit();
  expect(await ended).toBe('left');
});

describe('the operator', () => {
  test('can look now, but not so often that the systems have no rest', async () => {
    const { control, begun } = watch((look) => (look === 0 ? 100 : 1_000));
    await vi.advanceTimersByTimeAsync(1_000);
    control.hurry();
    await vi.advanceTimersByTimeAsync(0);
    expect(begun()).toEqual([0, 1_000]);
    for (let passed = 0; passed < 2_900; passed += 100) {
      control.hurry();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(begun()).toEqual([0, 1_000]);
    await vi.advanceTimersByTimeAsync(200);
    expect(begun()).toEqual([0, 1_000, 4_000]);
    control.quit();
  });

  test('can pause, look once while paused, and go on', async () => {
    const { control, begun } = watch(() => 100);
    await vi.advanceTimersByTimeAsync(1_000);
    control.togglePause();
    expect(control.phase).toEqual({ kind: 'paused' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(begun()).toEqual([0]);
    control.hurry();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(begun()).toEqual([0, 61_000]);
    control.togglePause();
    await vi.advanceTimersByTimeAsync(1);
    expect(begun()).toEqual([0, 61_000, 121_000]);
    control.quit();
  });

  test('can leave in the middle of a look and of a rest', async () => {
    for (const passed of [50, 2_000]) {
      const { control, ended } = watch(() => 100);
      await vi.advanceTimersByTimeAsync(passed);
      control.quit();
      expect(await ended).toBe('left');
    }
  });
});

test('an interruption ends a look and a rest with what it was', async () => {
  for (const passed of [50, 2_000]) {
    const { interrupt, ended } = watch(() => 100);
    await vi.advanceTimersByTimeAsync(passed);
    const why = new InterruptedError();
    interrupt.abort(why);
    expect(await ended).toBe(why);
  }
  const { control, ended } = watch(() => 100);
  control.interrupt();
  expect(await ended).toBeInstanceOf(InterruptedError);
});

test('says what it is doing', async () => {
  const { control } = watch(() => 1_000);
  await vi.advanceTimersByTimeAsync(400);
  expect(control.phase).toEqual({ kind: 'looking', forMs: 400 });
  await vi.advanceTimersByTimeAsync(1_600);
  expect(control.phase).toEqual({ kind: 'resting', leftMs: 3_000 });
  control.quit();
});

test('a thousand looks leave one listener behind, and that goes in the end', async () => {
  const { control, interrupt, ended } = watch(() => 1, 1_000);
  await vi.advanceTimersByTimeAsync(5_000 * 1_001);
  expect(await ended).toBe('done');
  expect(getEventListeners(interrupt.signal, 'abort')).toHaveLength(1);
  control.close();
  expect(getEventListeners(interrupt.signal, 'abort')).toHaveLength(0);
  expect(vi.getTimerCount()).toBe(0);
});
