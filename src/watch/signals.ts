import type { Runbook } from '../runbooks/schema.ts';

type SignalSpec = Runbook['signals'][string];

/** Which signals of a runbook are watched. */
export interface Watched {
  /** How much of something each entity has: a table each. */
  readonly tables: readonly string[];
  /** What is there until it ends by itself, such as blocks: counted down. */
  readonly entries: readonly string[];
  /** Amounts below are noise by the runbook's own word; in the unit of the signal. */
  readonly floors: ReadonlyMap<string, number>;
  /** Where a small amount may be all that an entity is allowed. */
  readonly limited: ReadonlySet<string>;
}

/** The signals that tell how an incident goes on; what is only context is left to triage. In the runbook's order. */
export function watchedSignals({ signals, thresholds }: Pick<Runbook, 'signals' | 'thresholds'>): Watched {
  const all = Object.entries(signals);
  const idsOf = (is: (spec: SignalSpec) => boolean) => all.filter(([, spec]) => is(spec)).map(([id]) => id);
  const floors = all.flatMap(([id, { spread }]): [string, number][] => {
    const floor = thresholds[spread?.floor ?? '']?.value ?? null;
    return floor === null ? [] : [[id, floor]];
  });
  return {
    ...{ tables: idsOf(isTable), entries: idsOf(isEntries), floors: new Map(floors) },
    limited: new Set(idsOf((spec) => spec['near-limit'] !== null || spec.limits !== null)),
  };
}

const isEntries = ({ sources }: SignalSpec): boolean =>
  sources.length > 0 && sources.every(({ kind }) => kind === 'redis-entry');

/** An age, or what is up, is no amount that rises and falls. */
const isTable = (spec: SignalSpec): boolean =>
  spec.entity !== null &&
  spec.show !== 'line' &&
  spec.unit !== 's' &&
  !isEntries(spec) &&
  !spec.sources.every(({ kind }) => kind === 'prometheus-age' || kind === 'redis-eviction');
