import { type Cause, type Reading, unknown } from '../../evidence/types.ts';
import { SourceError } from '../source-error.ts';
import type { HttpClient } from './http.ts';
import { joined, type Uniting } from './join.ts';
import { planOf, type Share } from './plan.ts';
import type { Held } from './question.ts';
import type { Target } from './targets.ts';
import { joinedUsual } from './usual.ts';

/** Why there may be more than what was read. */
export interface Missing {
  readonly cause: Cause;
  readonly reason: string;
}

/** What was read of a source, and what was not: then its numbers are a lower bound. */
export interface Said<T> {
  /** null: nothing was. */
  readonly held: T | null;
  readonly missing: readonly Missing[];
}

/** Asks one Prometheus; a failure and what an answer lacks are said, not thrown. */
export async function readFrom(
  http: HttpClient,
  ask: (http: HttpClient) => Promise<Held>,
): Promise<Said<Held>> {
  const lacks = new Set<string>();
  const named = (reason: string) => `prometheus ${http.host}: ${reason}`;
  try {
    const held = await ask({ ...http, lacks });
    const missing = lacking(lacks, named);
    // Neither is that a metric is not there.
    const isProven = missing.length === 0 || held.reading.status === 'measured';
    return { held: isProven ? held : null, missing };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const failure = { cause: error.cause, reason: named(error.message) };
    return { held: null, missing: [failure, ...lacking(lacks, named)] };
  }
}

const lacking = (lacks: ReadonlySet<string>, named: (reason: string) => string): Missing[] =>
  [...lacks].map((lack) => ({ cause: 'incomplete', reason: named(lack) }));

/**
 * Asks several Prometheus at once and adds up what they say, each target once. All are asked for all that they have; only
 * those that share some of their targets are asked again, for the rest.
 */
export async function readFromAll(
  clients: readonly HttpClient[],
  ask: (http: HttpClient, without: readonly Target[]) => Promise<Held>,
  uniting: Uniting,
): Promise<Said<Held>> {
  const first = await Promise.all(clients.map((http) => readFrom(http, (own) => ask(own, []))));
  const shares = planOf(first.map(({ held }) => (held?.reading.status === 'measured' ? held.targets : [])));
  const parts = await Promise.all(
    clients.map(async (http, index): Promise<Part> => {
      const { without = [], ...share } = shares[index] ?? { counts: true, doubt: null };
      const said = first[index] ?? { held: null, missing: [] };
      const again = without.length === 0 ? said : await readFrom(http, (own) => ask(own, without));
      return { ...again, http, share: { ...share, without } };
    }),
  );
  return together(parts, uniting);
}

interface Part extends Said<Held> {
  readonly http: HttpClient;
  readonly share: Share;
}

function together(parts: readonly Part[], uniting: Uniting): Said<Held> {
  const whole = join(
    parts.filter(({ share }) => share.doubt === null),
    uniting,
  );
  // Of those that cannot be told apart the one that has most counts: whatever they share, there is no less than that.
  const doubtful = parts.filter(({ share }) => share.doubt !== null);
  const candidates = [whole, ...doubtful.map(({ held }) => held)].filter((held) => held !== null);
  const [most = null] = candidates.sort((a, b) => sizeOf(b.reading) - sizeOf(a.reading));
  const doubts = doubtful.map(({ http, share }): Missing => {
    const reason = `prometheus ${http.host}: ${share.doubt}: it is not added, the larger number stands`;
    return { cause: 'incomplete', reason };
  });
  return { held: most, missing: [...parts.flatMap(({ missing }) => missing), ...doubts] };
}

/** Those that count, added up; what the others say decides only where none of them has any numbers. */
function join(parts: readonly Part[], uniting: Uniting): Held | null {
  const told = parts.flatMap(({ held, share }) => (held === null ? [] : [{ ...held, share }]));
  const [first, ...rest] = told.filter(({ share }) => share.counts).map(({ reading }) => reading);
  if (first === undefined) return null;
  const withUsual = told.flatMap(({ usual, share }) => (usual === null ? [] : [{ usual, share }]));
  return {
    reading: joined([first, ...rest], uniting),
    usual: withUsual.length === 0 ? null : joinedUsual(withUsual),
    targets: [],
  };
}

const sizeOf = ({ status, total, distinct }: Reading): number =>
  status === 'measured' ? (total ?? distinct ?? 0) : -1;

/** What several failures are together; refused credentials decide the exit code, so they come first. */
export function allOf(missing: readonly Missing[]): Missing | null {
  const [first] = missing;
  if (first === undefined) return null;
  return {
    cause: missing.some(({ cause }) => cause === 'auth') ? 'auth' : first.cause,
    reason: [...new Set(missing.map(({ reason }) => reason))].join('; '),
  };
}

/** The reading, where nothing was read an unknown one. */
export const readingOf = ({ held, missing }: Said<Reading>): Reading => {
  if (held !== null && (held.status === 'measured' || missing.length === 0)) return held;
  const all = allOf(missing);
  return unknown(all?.cause ?? 'refused', all?.reason ?? 'nothing was read');
};
