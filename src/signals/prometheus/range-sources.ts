import type { SourceSpec } from '../../runbooks/schema.ts';
import { selector } from '../../runbooks/sources.ts';
import { SourceError } from '../source-error.ts';
import { query } from './api.ts';
import type { HttpClient } from './http.ts';
import { NOTHING, type Told, unite } from './lines.ts';
import { planOf } from './plan.ts';
import { combine, partOf, perSecond } from './promql.ts';
import { type Grid, isTooMuch, queryRange, type Run } from './range.ts';
import type { Missing } from './several.ts';
import { leavingOut, type Target, targetParts, targetsOf } from './targets.ts';

/**
 * Asks every Prometheus for what one source held at the moments of a grid. @throws SourceError only when one of them says
 * that it is too much; other failures are `missing`
 */
export type Ask = (clients: readonly HttpClient[], grid: Grid) => Promise<Told>;

/** Lines that each Prometheus is asked for: more than are shown, since another may have the rest of one. */
const TOP = 20;
/** The samples of so many seconds tell how far apart they are. */
const PROBE = 300;
/** As many do in less, where they are close together: what was just started has no more than that. */
const SHORT_PROBES = [15, 60] as const;
/** A rate over fewer samples than that is guessed from too little. */
const SAMPLES = 4;
const LEAST_WINDOW = 60;
/** Of a chart whose points are closer than scrapes usually are. */
const LEAST_FINE_WINDOW = 10;
const FINE_SECONDS = 15;
const MOST_WINDOW = 1_800;

/**
 * A counter's increase per second, as triage reads it, over a window as short as its scrapes allow.
 * @param most lines that are asked for
 */
export const askRate =
  ({ metric, match }: Extract<SourceSpec, { kind: 'prometheus-rate' }>, by: string | null, most = TOP): Ask =>
  (clients, grid) =>
    ofAll(clients, async (http, isOneOfSeveral) => {
      const { windowSeconds, targets } = await probe(http, metric, grid, isOneOfSeveral);
      if (windowSeconds === null) return { ...NOTHING, targets: [], again: null };
      const ask = async (own: HttpClient, without: readonly Target[]): Promise<Told> => {
        const when = { windowSeconds };
        const rate = leavingOut(perSecond(metric, match, when), metric, without, when);
        const told = toldOf(await queryRange(own, partsOf(rate, by, grid, most), grid), by, windowSeconds);
        const isSilent = told.total === null && told.lines.size === 0;
        // The metric is there; whether a series is there that matches makes the difference of too few samples and none.
        return isSilent && !(await isThere(own, selector(metric, match), grid))
          ? { ...told, windowSeconds: 0 }
          : told;
      };
      return { ...(await ask(http, [])), targets, again: ask };
    });

/**
 * A query of the operator's own. What it adds up is not known, so neither is what two Prometheus share of it: the larger
 * number stands.
 */
export const askOwn =
  (promql: string, by: string): Ask =>
  async (clients, grid) => {
    // The line break ends a comment.
    const lines = top(`sum by (${by}) (${promql}\n)`, by, grid, TOP);
    const said = await Promise.all(
      clients.map((http) => heard(http, async (own) => linesOf(await queryRange(own, lines, grid), by))),
    );
    return unite(
      said.map(({ answer, missing }) => ({ ...(answer ?? NOTHING), missing })),
      'sources',
    );
  };

interface Answer extends Told {
  /** What it was collected from; null: that cannot be told. */
  readonly targets: readonly Target[] | null;
  /** Asks once more without what others count; null: there is no need to. */
  readonly again: ((http: HttpClient, without: readonly Target[]) => Promise<Told>) | null;
}

/** Adds up what several Prometheus say, each target once; of those that cannot be told apart the larger stands. */
export async function ofAll(
  clients: readonly HttpClient[],
  ask: (http: HttpClient, isOneOfSeveral: boolean) => Promise<Answer>,
): Promise<Told> {
  const first = await Promise.all(clients.map((http) => heard(http, (own) => ask(own, clients.length > 1))));
  const shares = planOf(first.map(({ answer }) => (isNothing(answer) ? [] : (answer?.targets ?? null))));
  const parts = await Promise.all(
    first.map(async ({ answer, missing }, index) => {
      const http = clients[index];
      const share = shares[index];
      if (answer === null || http === undefined || share === undefined)
        return { told: { ...NOTHING, missing }, doubt: null };
      if (share.doubt !== null) return { told: { ...answer, missing }, doubt: nameOf(http, share.doubt) };
      if (!share.counts) return { told: { ...NOTHING, missing }, doubt: null };
      const { again } = answer;
      if (share.without.length === 0 || again === null) return { told: { ...answer, missing }, doubt: null };
      const rest = await heard(http, (own) => again(own, share.without));
      return { told: { ...(rest.answer ?? NOTHING), missing: [...missing, ...rest.missing] }, doubt: null };
    }),
  );
  const whole = unite(
    parts.filter(({ doubt }) => doubt === null).map(({ told }) => told),
    'parts',
  );
  const doubtful = parts.filter(({ doubt }) => doubt !== null);
  const most = [whole, ...doubtful.map(({ told }) => told)].reduce((a, b) => (sizeOf(b) > sizeOf(a) ? b : a));
  const doubts = doubtful.map(
    ({ doubt }): Missing => ({
      cause: 'incomplete',
      reason: `${doubt}: it is not added, the larger number stands`,
    }),
  );
  return { ...most, missing: [...parts.flatMap(({ told }) => told.missing), ...doubts] };
}

const isNothing = (answer: Answer | null): boolean =>
  answer === null || (answer.lines.size === 0 && answer.total === null);

const sizeOf = ({ total, lines }: Told): number =>
  [...(total === null ? lines.values() : [total])]
    .flat()
    .reduce<number>((sum, value) => sum + (value ?? 0), 0);

const nameOf = ({ host }: HttpClient, reason: string): string => `prometheus ${host}: ${reason}`;

/** An answer, or why there is none; what it lacks is said beside. */
async function heard<T>(
  http: HttpClient,
  ask: (http: HttpClient) => Promise<T>,
): Promise<{ readonly answer: T | null; readonly missing: readonly Missing[] }> {
  const lacks = new Set<string>();
  const lacking = () =>
    [...lacks].map((lack): Missing => ({ cause: 'incomplete', reason: nameOf(http, lack) }));
  try {
    const answer = await ask({ ...http, lacks });
    return { answer, missing: lacking() };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const reason = nameOf(http, error.message);
    if (isTooMuch(error)) throw new SourceError(error.cause, reason);
    return { answer: null, missing: [{ cause: error.cause, reason }, ...lacking()] };
  }
}

/**
 * How long a window must be to hold a rate anywhere in the range, and where several are asked what it is collected from.
 * `windowSeconds` is null when nothing is recorded.
 */
export async function probe(http: HttpClient, metric: string, grid: Grid, isOneOfSeveral: boolean) {
  const { fromSeconds, toSeconds, stepSeconds } = grid;
  // Stretches side by side: each sample is read once, and none is missed.
  const each = Math.max(PROBE, stepSeconds);
  const range = toSeconds - fromSeconds + each;
  const counts = (seconds: number) => `max(count_over_time(${metric}[${seconds}s]))`;
  const ask = (parts: Readonly<Record<string, string>>) =>
    query(http, combine(parts), { time: `${toSeconds}` });
  const isFine = stepSeconds < FINE_SECONDS;
  const unit = isFine ? 5 : 15;
  const least = Math.max(stepSeconds, isFine ? LEAST_FINE_WINDOW : LEAST_WINDOW);
  const windowOf = (samples: number, seconds: number) => {
    const enough = Math.ceil(SAMPLES / (samples / seconds) / unit) * unit;
    return Math.max(least, Math.min(MOST_WINDOW, enough));
  };
  // A subquery looks at whole multiples of its step alone, so the last of the time is asked for by itself.
  const end = await ask({
    last: counts(each),
    ...(isOneOfSeveral ? targetParts('targets', metric, { windowSeconds: range }) : {}),
  });
  const last = partOf(end, 'last')[0]?.value ?? 0;
  const targets = isOneOfSeveral ? targetsOf(end, 'targets') : [];
  // The shortest window that there is gets no shorter, so the rest is rarely asked.
  if (!isFine && last > 0 && windowOf(last, each) === least) return { windowSeconds: least, targets };
  const more = await ask({
    samples: `max(max_over_time(count_over_time(${metric}[${each}s])[${range}s:${each}s]))`,
    ...Object.fromEntries(SHORT_PROBES.map((seconds) => [`last${seconds}`, counts(seconds)])),
  });
  const countOf = (part: string) => partOf(more, part)[0]?.value ?? 0;
  const samples = Math.max(countOf('samples'), last);
  if (samples === 0) return { windowSeconds: null, targets: null };
  const short = SHORT_PROBES.find((seconds) => countOf(`last${seconds}`) >= SAMPLES);
  const windowSeconds =
    short === undefined ? windowOf(samples, each) : windowOf(countOf(`last${short}`), short);
  return { windowSeconds, targets };
}

/** Has any such series a sample in the range? */
async function isThere(http: HttpClient, series: string, grid: Grid): Promise<boolean> {
  const { fromSeconds, toSeconds } = grid;
  const range = Math.max(1, Math.ceil(toSeconds - fromSeconds));
  const answer = await query(http, `count(count_over_time(${series}[${range}s]))`, { time: `${toSeconds}` });
  return answer.length > 0;
}

/** The lines with the highest peaks, and the total of all. */
const partsOf = (rate: string, by: string | null, grid: Grid, most: number): string =>
  combine({
    total: `sum(${rate})`,
    ...(by === null ? {} : { top: top(`sum by (${by}) (${rate})`, by, grid, most) }),
  });

/**
 * Those of an expression's series that have the highest peaks in the range. `@ end()` makes it the same ones at each of
 * its moments, so that a line has gaps only where there are no samples.
 */
function top(
  expression: string,
  by: string,
  { fromSeconds, toSeconds, stepSeconds }: Grid,
  most: number,
): string {
  // A subquery begins behind the moment that it looks back to.
  const range = toSeconds - fromSeconds + stepSeconds;
  return `(${expression}) and on (${by}) topk(${most}, max_over_time((${expression})[${range}s:${stepSeconds}s] @ end()))`;
}

function toldOf(runs: readonly Run[], by: string | null, windowSeconds: number): Told {
  const total = partOf(runs, 'total')[0]?.values ?? null;
  return { ...linesOf(by === null ? [] : partOf(runs, 'top'), by ?? ''), total, windowSeconds };
}

const linesOf = (runs: readonly Run[], by: string): Told => ({
  ...NOTHING,
  lines: new Map(runs.map(({ labels, values }) => [labels[by] ?? '', values])),
});
