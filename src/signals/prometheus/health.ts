import type { HttpTarget } from '../../config/types.ts';
import type { Duplicate, PrometheusFacts, Scraping, Told } from '../../doctor/facts.ts';
import { isRecord } from '../../values/parse.ts';
import type { Clock } from '../asked.ts';
import { SourceError } from '../source-error.ts';
import { skewOf, told } from '../told.ts';
import { query, type Sample, successData } from './api.ts';
import { type HttpClient, makeHttpClient } from './http.ts';
import { labelValues } from './label-values.ts';
import { combine, partOf } from './promql.ts';

interface Look {
  /** The system's own metrics that the runbook names. */
  readonly metrics: readonly string[];
  /** All that it names, those that every Prometheus has too. */
  readonly all: readonly string[];
  /** Labels of metrics that the runbook names. */
  readonly labels: readonly { readonly metric: string; readonly label: string }[];
  readonly windowSeconds: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Labels by which copies of one series differ when several servers collected it. */
const COPY_LABELS = ['job', 'replica', 'prometheus_replica', 'prometheus'];
/** Two samples in a window may be half of it apart, or all of it: then several windows tell. */
const FEW = 3;
const LONG = 4;
/** Names that are shown. */
const NAMED = 10;
const MOST_NAMES = 5_000;
/** Metrics that are no more need no comparing. */
const NAMES_SINCE_SECONDS = 3_600;

/** Looks at how a Prometheus stands, each question on its own. Never rejects for what the server says. */
export async function prometheusHealth(target: HttpTarget, look: Look): Promise<PrometheusFacts> {
  // A signal of its own: Node warns of many listeners on one, as the questions to several servers are.
  const http = makeHttpClient(target, AbortSignal.any([look.signal]), look.clock.now);
  try {
    const [clock, version, scraping, names] = await Promise.all([
      clockOf(http, look.clock),
      told(() => versionOf(http)),
      told(() => scrapingOf(http, look)),
      told(() => namesOf(http, look)),
    ]);
    return {
      clock: named(clock, http),
      version: named(version, http),
      scraping: named(scraping, http),
      names: named(names, http),
    };
  } finally {
    http.close();
  }
}

/** The reasons of a failure do not name the host themselves. */
const named = <T>(answer: Told<T>, { host }: HttpClient): Told<T> =>
  answer.known ? answer : { ...answer, reason: `prometheus ${host}: ${answer.reason}` };

/** The clock that queries are evaluated by; where no query is answered the `Date` of any answer. */
async function clockOf(http: HttpClient, clock: Clock): Promise<PrometheusFacts['clock']> {
  const exact = await told(() =>
    skewOf(async () => {
      // VictoriaMetrics answers as of half a minute ago (`-search.latencyOffset`), unless it is asked not to.
      const [sample] = await query(http, 'vector(time())', { nocache: '1' });
      if (sample === undefined) throw new SourceError('malformed', 'time() has no value');
      return { ms: Math.round(sample.value * 1_000), coarseMs: 1 };
    }, clock),
  );
  if (exact.known) return exact;
  const coarse = await told(() =>
    skewOf(async () => {
      const { date } = await http.get('/api/v1/status/buildinfo', {});
      const ms = date === null ? Number.NaN : clock.ms(date);
      if (!Number.isFinite(ms)) throw new SourceError('malformed', 'no answer says what time it is');
      return { ms, coarseMs: 1_000 };
    }, clock),
  );
  return coarse.known ? coarse : exact;
}

async function versionOf(http: HttpClient): Promise<string> {
  const data = successData((await http.get('/api/v1/status/buildinfo', {})).body);
  const version = isRecord(data) ? data.version : undefined;
  if (typeof version === 'string' && version !== '') return version.slice(0, 60);
  throw new SourceError('malformed', 'the answer holds no version');
}

async function scrapingOf(
  http: HttpClient,
  { metrics, all, labels, windowSeconds }: Look,
): Promise<Scraping> {
  const window = `[${windowSeconds}s]`;
  const ours = `{__name__=~"${metrics.join('|')}"}`;
  const [times, copies, places, values] = await Promise.all([
    query(
      http,
      combine({
        ...by(all, 'age', (metric) => `time() - max(timestamp(${metric}))`),
        ...by(metrics, 'samples', (metric) => `max(count_over_time(${metric}${window}))`),
        ...by(metrics, 'long', (metric) => `max(count_over_time(${metric}[${LONG * windowSeconds}s]))`),
      }),
    ),
    query(
      http,
      combine(
        Object.assign(
          {},
          ...COPY_LABELS.map((label) => by(metrics, label, (metric) => copiesOf(metric, label))),
        ),
      ),
    ),
    query(
      http,
      combine({
        count: `count(count by (job, instance) (${ours}))`,
        names: `topk(${NAMED}, count by (instance) (${ours}))`,
        servers: 'count(prometheus_build_info)',
        'server-names': `topk(${NAMED}, count by (instance) (prometheus_build_info))`,
      }),
    ),
    labelValues(http, labels),
  ]);
  const numbers = (names: readonly string[], what: string) =>
    names.flatMap((metric): [string, number][] => {
      const value = partOf(times, `${metric} ${what}`)[0]?.value;
      return value === undefined ? [] : [[metric, value]];
    });
  return {
    ages: Object.fromEntries(numbers(all, 'age').map(([metric, age]) => [metric, Math.max(0, age)])),
    intervals: Object.fromEntries(
      numbers(metrics, 'samples').map(([metric, n]) => {
        const inLong = partOf(times, `${metric} long`)[0]?.value ?? n;
        return [metric, n < FEW ? (LONG * windowSeconds) / inLong : windowSeconds / n];
      }),
    ),
    duplicates: COPY_LABELS.flatMap((label) =>
      metrics.flatMap((metric) => duplicatesIn(copies, metric, label)),
    ),
    labels: values,
    instances: { count: partOf(places, 'count')[0]?.value ?? 0, names: instancesOf(places, 'names') },
    prometheuses: {
      count: partOf(places, 'servers')[0]?.value ?? 0,
      names: instancesOf(places, 'server-names'),
    },
  };
}

const by = (metrics: readonly string[], what: string, make: (metric: string) => string) =>
  Object.fromEntries(metrics.map((metric) => [`${metric} ${what}`, make(metric)]));

/** Instances of which the same metric comes under several values of a label. */
function copiesOf(metric: string, label: string): string {
  const target = label === 'job' ? 'instance' : 'job, instance';
  return `topk(1, count by (${target}) (count by (${target}, ${label}) (${metric}{instance!=""})) > 1)`;
}

const duplicatesIn = (samples: readonly Sample[], metric: string, label: string): Duplicate[] =>
  partOf(samples, `${metric} ${label}`).map(({ labels, value }) => ({
    ...{ metric, by: label, instance: labels.instance ?? '' },
    copies: value,
  }));

const instancesOf = (samples: readonly Sample[], part: string): string[] =>
  partOf(samples, part).map(({ labels }) => labels.instance ?? '');

/** Names that begin with a word that several of the runbook's do, such as `acp_`. */
async function namesOf(http: HttpClient, { metrics, clock }: Look) {
  const words = commonWords(metrics);
  if (words.length === 0) return { names: [], isComplete: true };
  const now = Math.ceil(clock.now() / 1_000);
  const { body } = await http.get('/api/v1/label/__name__/values', {
    'match[]': `{__name__=~"(?:${words.join('|')})[_:].*"}`,
    start: String(now - NAMES_SINCE_SECONDS),
    end: String(now + NAMES_SINCE_SECONDS),
    limit: String(MOST_NAMES),
  });
  // That the list ends at the limit is a warning where the limit is known.
  const lacks = new Set<string>();
  const data = successData(body, { lacks });
  if (!Array.isArray(data) || !data.every((name) => typeof name === 'string')) {
    throw new SourceError('malformed', 'the answer is not a list of names');
  }
  return { names: data.slice(0, MOST_NAMES), isComplete: lacks.size === 0 && data.length < MOST_NAMES };
}

/** The first words of the metrics' names that say whose they are. */
export function commonWords(metrics: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const metric of new Set(metrics)) {
    const [word = ''] = metric.split(/[_:]/);
    if (word !== '' && word !== metric) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const most = Math.max(0, ...counts.values());
  return [...counts].flatMap(([word, count]) => (count > 1 || count === most ? [word] : []));
}
