import { createHash } from 'node:crypto';
import type { Clock } from '../signals/asked.ts';

/** What the name of a kept look tells, so that a report need not open all of them. */
export interface LookName {
  readonly file: string;
  readonly atMs: number;
  readonly category: string;
  /** Which systems it is of, as `systemKey` has it. */
  readonly system: string;
}

/** What a look is of: a context of the same name may have been aimed at something else since. */
export interface Seen {
  readonly context: string | null;
  /** Where its Redis is, without users and secrets. */
  readonly redis: string;
  readonly runbook: string;
  /** Where its Prometheus are, for a runbook that reads no Redis; null for others. */
  readonly prometheus: string | null;
}

/** A few characters that are the same for looks of one context, one system and one runbook, and differ for all others. */
export const systemKey = ({ context, redis, runbook, prometheus }: Seen): string =>
  createHash('sha256')
    .update(JSON.stringify([context, redis, runbook, ...(prometheus === null ? [] : [prometheus])]))
    .digest('hex')
    .slice(0, 12);

/** `2026-05-29T031204.000Z_prod_tenant-over-rps-cap_0a1b2c3d4e5f.json`. @param at ISO 8601, UTC */
export const fileNameOf = (at: string, category: string, seen: Seen): string =>
  // Colons are not for file names everywhere.
  `${[at.replaceAll(':', ''), plain(seen.context ?? ''), plain(category), systemKey(seen)].join('_')}.json`;

/** A word that any file system takes; what it leaves out makes no difference, since the key has it. */
const plain = (text: string): string => text.replaceAll(/[^A-Za-z0-9.-]/g, '-').slice(0, 60);

const NAME =
  /^(\d{4}-\d\d-\d\dT)(\d\d)(\d\d)(\d\d\.\d{3}Z)_[A-Za-z0-9.-]{0,60}_([A-Za-z0-9.-]{1,60})_([0-9a-f]{12})\.json$/;

/** null: not the name of a look, so it is none of ours. */
export function readName(file: string, clock: Clock): LookName | null {
  const [, day, hours, minutes, seconds, category, system] = NAME.exec(file) ?? [];
  if (category === undefined || system === undefined) return null;
  const atMs = clock.ms(`${day}${hours}:${minutes}:${seconds}`);
  return Number.isFinite(atMs) ? { file, atMs, category, system } : null;
}
