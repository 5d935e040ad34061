import type { Id } from '../../evidence/types.ts';
import { toId } from './keys.ts';

/** What a key holds, exactly. */
export interface Held {
  readonly value: Id;
  /** Milliseconds since the epoch by the server's clock; null: no expiry. */
  readonly expiresAtMs: number | null;
}

export const toHeld = (bytes: Buffer, expiresAtMs: number | null): Held => ({
  value: toId(bytes.toString('latin1')),
  expiresAtMs,
});

/** Some keys at one moment. */
export interface Look {
  /** The server's clock, milliseconds since the epoch; in a cluster that of one of them. */
  readonly nowMs: number;
  /** In the order that was asked for; null: no such key, or a foreign one. */
  readonly held: readonly (Held | null)[];
  /** Which of the keys are there and hold something other than a text, by their place. */
  readonly foreign: ReadonlySet<number>;
}

/** What PTTL answers for a key that is not there. */
export const GONE = -2;
