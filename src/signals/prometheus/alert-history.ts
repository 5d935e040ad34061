import type { AlertHistory, AlertPeriod } from '../../evidence/history.ts';
import { selector } from '../../runbooks/sources.ts';
import { SourceError } from '../source-error.ts';
import type { HttpClient } from './http.ts';
import { type Grid, isTooMuch, momentsOf, pointsOf, queryRange, type Run, timeOf } from './range.ts';

const DOUBLINGS = 4;

/** When alerts of these names fired, by what Prometheus itself keeps of its rules. Never rejects for what it says. */
export async function alertHistory(
  names: readonly string[],
  clients: readonly HttpClient[],
  time: Time,
): Promise<AlertHistory> {
  if (names.length === 0) {
    return { ...NONE, reason: 'the runbook names no alerts' };
  }
  const said = await Promise.all(clients.map((http) => periodsOf(http, names, time)));
  const failures = said.flatMap(({ failure }) => failure ?? []);
  return {
    names,
    periods: joined(said.flatMap(({ periods }) => periods)),
    stepSeconds: Math.max(...said.map(({ stepSeconds }) => stepSeconds)),
    reason: failures.length === 0 ? null : failures.map(({ message }) => message).join('; '),
    cause: failures.some(({ cause }) => cause === 'auth') ? 'auth' : (failures[0]?.cause ?? null),
  };
}

const NONE: AlertHistory = { names: [], periods: [], stepSeconds: 0, reason: null, cause: null };

/** Milliseconds since the epoch. */
interface Time {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Said {
  readonly periods: readonly AlertPeriod[];
  readonly stepSeconds: number;
  readonly failure: SourceError | null;
}

async function periodsOf(http: HttpClient, names: readonly string[], { fromMs, toMs }: Time): Promise<Said> {
  const firing = selector('ALERTS', { alertstate: 'firing', alertname: names });
  for (let doubled = 0; ; doubled += 1) {
    const at = momentsOf(fromMs, toMs, 2 ** doubled);
    try {
      const runs = await queryRange(http, firing, at);
      return {
        periods: runs.flatMap((run) => stretches(run, at)),
        stepSeconds: at.stepSeconds,
        failure: null,
      };
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (!isTooMuch(error) || doubled === DOUBLINGS) {
        const failure = new SourceError(error.cause, `prometheus ${http.host}: ${error.message}`);
        return { periods: [], stepSeconds: at.stepSeconds, failure };
      }
    }
  }
}

/** Samples without a gap between them are one stretch: where a rule no longer fires its series ends at once. */
function stretches({ labels, values }: Run, grid: Grid): AlertPeriod[] {
  const { __name__: _, alertname = '', alertstate: __, ...rest } = labels;
  const last = pointsOf(grid) - 1;
  const periods: AlertPeriod[] = [];
  let start: number | null = null;
  for (let index = 0; index <= last + 1; index += 1) {
    const fires = index <= last && (values[index] ?? null) !== null;
    if (fires && start === null) start = index;
    if (fires || start === null) continue;
    periods.push({
      ...{ name: alertname, labels: rest, open: start === 0, fromMs: timeOf(grid, start) },
      toMs: index > last ? null : timeOf(grid, index),
    });
    start = null;
  }
  return periods;
}

/** Each in order of time; what two Prometheus both say is said once. */
function joined(periods: readonly AlertPeriod[]): AlertPeriod[] {
  const kept: AlertPeriod[] = [];
  for (const period of [...periods].sort((a, b) => a.fromMs - b.fromMs)) {
    const index = kept.findIndex(
      (one) => isSame(one, period) && period.fromMs <= (one.toMs ?? Number.POSITIVE_INFINITY),
    );
    const known = kept[index];
    if (known === undefined) kept.push(period);
    else {
      const toMs = known.toMs === null || period.toMs === null ? null : Math.max(known.toMs, period.toMs);
      kept[index] = { ...known, toMs };
    }
  }
  return kept;
}

const isSame = (a: AlertPeriod, b: AlertPeriod): boolean =>
  a.name === b.name &&
  JSON.stringify(Object.entries(a.labels).sort()) === JSON.stringify(Object.entries(b.labels).sort());
