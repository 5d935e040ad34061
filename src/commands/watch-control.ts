import { InterruptedError } from '../errors.ts';
import type { Phase } from '../output/watch-view.ts';
import type { Clock } from '../signals/asked.ts';
import type { Rhythm } from '../watch/rhythm.ts';

/** The operator has seen enough. */
const ENOUGH = Symbol('enough');

/** When to look, and when to end: what the operator may say while it goes on. One look at a time, always. */
export class Control {
  readonly #clock: Pick<Clock, 'steady'>;
  readonly #interrupt: AbortSignal;
  /** Ends with the watch. */
  readonly #life = new AbortController();
  /** Ends the look under way. */
  #look = new AbortController();
  /** Ends the rest between two looks, or makes it think again. */
  #wake: (() => void) | null = null;
  #end: unknown = null;
  #isPaused = false;
  #isHurried = false;
  /** By the steady clock. */
  #beganAt = 0;
  #restedFrom = 0;
  #rhythm: Rhythm | null = null;

  constructor(clock: Pick<Clock, 'steady'>, interrupt: AbortSignal) {
    this.#clock = clock;
    this.#interrupt = interrupt;
    interrupt.addEventListener('abort', this.#interrupted, { once: true });
  }

  readonly #interrupted = () => this.#stop(this.#interrupt.reason);

  /** Takes no more notice of the program's own interruption. */
  close(): void {
    this.#interrupt.removeEventListener('abort', this.#interrupted);
  }

  /** Ends the watch, and what is being read for it, at once. */
  quit(): void {
    this.#stop(ENOUGH);
  }

  /** The same as an interruption, as by Ctrl-C. */
  interrupt(): void {
    this.#stop(new InterruptedError());
  }

  /** Something went wrong where nobody waits for it. */
  fail(error: unknown): void {
    this.#stop(error);
  }

  /** Looks before its time; not before the systems have had their rest. */
  hurry(): void {
    // One that is under way is soon enough.
    if (this.#rhythm === null) return;
    this.#isHurried = true;
    this.#wake?.();
  }

  togglePause(): void {
    this.#isPaused = !this.#isPaused;
    this.#wake?.();
  }

  #stop(reason: unknown): void {
    this.#end ??= reason;
    this.#look.abort(reason);
    this.#life.abort(reason);
    this.#wake?.();
  }

  /** Aborted when the watch ends before its time. */
  get ended(): AbortSignal {
    return this.#life.signal;
  }

  get phase(): Phase {
    const now = this.#clock.steady();
    if (this.#rhythm === null) return { kind: 'looking', forMs: now - this.#beganAt };
    const leftMs = this.#leftMs(this.#rhythm);
    return leftMs === null ? { kind: 'paused' } : { kind: 'resting', leftMs: Math.max(0, leftMs) };
  }

  /** Until the next look; null: there is none. */
  #leftMs({ restMs, leastRestMs }: Rhythm): number | null {
    const passed = this.#clock.steady() - this.#restedFrom;
    if (this.#isHurried) return leastRestMs - passed;
    return this.#isPaused ? null : restMs - passed;
  }

  /**
   * Looks once. The signal is this look's own: what listens to it goes with it.
   * @returns null when the operator has ended the watch
   * @throws what it was interrupted with, or what went wrong
   */
  async look<T>(read: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    this.#look = new AbortController();
    this.#isHurried = false;
    this.#rhythm = null;
    this.#beganAt = this.#clock.steady();
    try {
      if (this.#end !== null) throw this.#end;
      return await read(this.#look.signal);
    } catch (error) {
      if (this.#end === ENOUGH) return null;
      throw this.#end ?? error;
    }
  }

  /** Waits until the next look is due. @returns false when there is to be none @throws as `look` */
  async rest(rhythm: Rhythm): Promise<boolean> {
    this.#rhythm = rhythm;
    this.#restedFrom = this.#clock.steady();
    while (this.#end === null) {
      const leftMs = this.#leftMs(rhythm);
      if (leftMs !== null && leftMs <= 0) return true;
      await this.#sleep(leftMs);
    }
    if (this.#end === ENOUGH) return false;
    throw this.#end;
  }

  /** @param ms null: until it is woken */
  #sleep(ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === null ? undefined : setTimeout(() => this.#wake?.(), Math.ceil(ms));
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
    });
  }
}
