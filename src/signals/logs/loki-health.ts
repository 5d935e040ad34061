import type { HttpTarget } from '../../config/types.ts';
import type { LogsFacts, Readiness, StreamsSeen, Told } from '../../doctor/facts.ts';
import { isRecord } from '../../values/parse.ts';
import type { Clock } from '../asked.ts';
import { jsonIn } from '../json-answer.ts';
import type { HttpClient } from '../prometheus/http.ts';
import { SourceError } from '../source-error.ts';
import { skewOf, told } from '../told.ts';
import { labelsOfLate, lokiClient, streamsOf } from './loki.ts';

interface Look {
  /** Labels of the streams that triage reads, each set once. */
  readonly selectors: readonly Readonly<Record<string, string>>[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const BUILD = '/loki/api/v1/status/buildinfo';
/** Sets of labels and labels of one that are looked at. */
const MOST_SELECTORS = 10;
const MOST_LABELS = 5;
/** Names that are kept of what there is instead. */
const NAMED = 20;

/**
 * Looks at how a Loki stands, each question on its own. Never rejects for what the server says.
 * https://grafana.com/docs/loki/latest/reference/loki-http-api/#status-endpoints
 */
export async function lokiHealth(target: HttpTarget, { selectors, clock, signal }: Look): Promise<LogsFacts> {
  const http = lokiClient(target, AbortSignal.any([signal]), clock.now);
  try {
    const [skew, version, ready, streams] = await Promise.all([
      clockOf(http, clock),
      told(() => versionOf(http, clock)),
      readinessOf(http, clock),
      Promise.all(selectors.slice(0, MOST_SELECTORS).map((one) => streamsWith(one, http, clock))),
    ]);
    return { clock: named(skew, http), version: named(version, http), ready, streams };
  } finally {
    http.close();
  }
}

/** The reasons of a failure do not name the host themselves. */
const named = <T>(answer: Told<T>, { host }: HttpClient): Told<T> =>
  answer.known ? answer : { ...answer, reason: `loki ${host}: ${answer.reason}` };

/** The time that its answers are dated by: that of the machine they come from, which may be a gateway's. */
const clockOf = (http: HttpClient, clock: Clock): Promise<LogsFacts['clock']> =>
  told(() =>
    skewOf(async () => {
      const { date } = await http.get(BUILD, {});
      const ms = date === null ? Number.NaN : clock.ms(date);
      if (!Number.isFinite(ms)) throw new SourceError('malformed', 'its answer does not say what time it is');
      return { ms, coarseMs: 1_000 };
    }, clock),
  );

/** Unlike other answers, this one is not wrapped in a status. */
async function versionOf(http: HttpClient, clock: Clock) {
  const startedAt = clock.now();
  const { body } = await http.get(BUILD, {});
  return { name: versionIn(body), latencyMs: clock.now() - startedAt };
}

function versionIn(body: string): string {
  const data = jsonIn(body);
  const version = isRecord(data) ? data.version : undefined;
  if (typeof version === 'string' && version !== '') return version.slice(0, 60);
  throw new SourceError('malformed', 'the answer holds no version');
}

/** A gateway in front of it often does not pass this question on. */
async function readinessOf(http: HttpClient, clock: Clock): Promise<Readiness> {
  const startedAt = clock.now();
  try {
    const { body } = await http.get('/ready', {});
    if (body.trim() !== 'ready') throw new SourceError('malformed', 'its answer to /ready is another one');
    return { state: 'ready', latencyMs: clock.now() - startedAt };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const { cause, message, status } = error;
    return status === 503
      ? { state: 'not-ready', said: message }
      : { state: 'unknown', cause, reason: `loki ${http.host}: ${message}` };
  }
}

/** The streams that a set of labels finds; where it finds none, what there is instead. */
async function streamsWith(
  selector: Readonly<Record<string, string>>,
  http: HttpClient,
  clock: Clock,
): Promise<StreamsSeen> {
  const since = { now: clock.now(), lacks: new Set<string>() };
  const found = named(await told(() => streamsOf(http, selector, since)), http);
  if (!found.known || found.value > 0) return { selector, found, instead: null };
  const instead = await told(async () => {
    const labels = await labelsOfLate(http, null, since);
    for (const [label, value] of Object.entries(selector).slice(0, MOST_LABELS)) {
      if (!labels.includes(label)) return { label: null, lacking: label, names: labels.slice(0, NAMED) };
      const values = await labelsOfLate(http, label, since);
      if (!values.includes(value)) return { label, lacking: value, names: values.slice(0, NAMED) };
    }
    return null;
  });
  return { selector, found, instead: instead.known ? instead.value : null };
}
