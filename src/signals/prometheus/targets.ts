import { selector } from '../../runbooks/sources.ts';
import { isLoopbackHost } from '../../values/address.ts';
import { groupedBy } from '../../values/grouped.ts';
import type { Sample } from './api.ts';
import { offset, partOf, type When } from './promql.ts';

/** What a Prometheus scrapes, by the labels that it gives to it; empty where series carry none. */
export interface Target {
  readonly job: string;
  readonly instance: string;
  /** Samples of the metric inside the window, all its series together. */
  readonly samples: number;
  /** When its process started, as Prometheus writes it; only told where the name alone says nothing. */
  readonly startedAt: string | null;
}

/** Targets that are fetched at most. */
const TOP_TARGETS = 2_000;

/**
 * Expressions for the targets that expose a metric, as parts of a combined query whose answer `targetsOf` reads.
 * @param alive only those that still expose it
 * @param everySeconds of a long window only so many seconds apart are looked at, in place of each sample
 */
export function targetParts(
  name: string,
  metric: string,
  {
    windowSeconds,
    agoSeconds = 0,
    alive = false,
    everySeconds,
  }: When & { readonly alive?: boolean; readonly everySeconds?: number },
): Readonly<Record<string, string>> {
  const ago = offset(agoSeconds);
  const span = everySeconds === undefined ? `${windowSeconds}s` : `${windowSeconds}s:${everySeconds}s`;
  const samples = `sum by (job, instance) (count_over_time(${metric}[${span}]${ago}))`;
  const those = alive ? `(${samples} and on (job, instance) group by (job, instance) (${metric}))` : samples;
  return {
    [name]: `topk(${TOP_TARGETS}, ${those})`,
    [`${name}-started`]: `topk(${TOP_TARGETS}, max by (job, instance) (process_start_time_seconds{instance=~"(?i).*localhost.*|127[.].*|.*::1.*"}${ago}))`,
  };
}

/** @returns the targets in the answer, or null when there are more than were fetched */
export function targetsOf(answer: readonly Sample[], name: string): Target[] | null {
  const samples = partOf(answer, name);
  if (samples.length >= TOP_TARGETS) return null;
  const started = new Map(
    partOf(answer, `${name}-started`).map(({ labels, value }) => [keyOf(placeOf(labels)), String(value)]),
  );
  return samples.map(({ labels, value }) => {
    const place = placeOf(labels);
    return { ...place, samples: value, startedAt: started.get(keyOf(place)) ?? null };
  });
}

const placeOf = ({ job = '', instance = '' }: Sample['labels']) => ({ job, instance });

const keyOf = (place: Pick<Target, 'job' | 'instance'>): string =>
  JSON.stringify([place.job, place.instance]);

/** Series without an instance come out of several targets: a recording rule has added them up. */
export const isNameless = ({ instance }: Target): boolean => instance === '';

/** True for a name such as localhost:8000, which every host has for itself. */
export const isEverywhere = ({ instance }: Target): boolean =>
  isLoopbackHost(instance.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^([^:]*):\d+$/, '$1'));

/**
 * What makes it the same target to two Prometheus: its job and instance. One that is called localhost is the same only if
 * its process started at the very same moment.
 */
export const identityOf = (target: Target): string =>
  isEverywhere(target) ? JSON.stringify([keyOf(target), target.startedAt]) : keyOf(target);

/** An expression without the series of some targets. */
export function leavingOut(
  expression: string,
  metric: string,
  targets: readonly Target[],
  when: When,
): string {
  if (targets.length === 0) return expression;
  const window = `[${when.windowSeconds}s]${offset(when.agoSeconds ?? 0)}`;
  const theirs = [...groupedBy(targets, ({ job }) => job)].map(([job, some]) => {
    const instance = some.map((one) => one.instance);
    return `group by (job, instance) (last_over_time(${selector(metric, { job, instance })}${window}))`;
  });
  return `((${expression}) unless on (job, instance) (${theirs.join(' or ')}))`;
}
