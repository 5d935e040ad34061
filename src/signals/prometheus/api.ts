import { isRecord } from '../../values/parse.ts';
import { jsonIn } from '../json-answer.ts';
import { SourceError } from '../source-error.ts';
import type { HttpClient } from './http.ts';
import { PART } from './promql.ts';

/** One series of an instant vector. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const MAX_SERIES = 30_000;

/**
 * Runs an instant query at the server's own present. That the answer lacks data is noted in `http.lacks`, and so are NaN
 * and Inf, which would poison every sum they enter: one broken exporter must not hide what all the others say.
 * @param more other parameters of the request
 * @throws SourceError for anything but a clean vector of numbers, and for an answer in part where nobody takes note
 */
export async function query(
  http: HttpClient,
  promql: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Sample[]> {
  return vectorIn(successData(await http.ask('/api/v1/query', { query: promql, ...more }), http), http.lacks);
}

/**
 * What a successful answer holds, as an instant vector.
 * @param lacks takes what is left out; without it, an answer with anything but finite numbers is an error
 * @throws SourceError for anything else, see `query`
 */
export function vectorIn(data: unknown, lacks?: Set<string>): Sample[] {
  if (!isRecord(data) || data.resultType !== 'vector' || !Array.isArray(data.result)) {
    throw new SourceError('malformed', 'the answer is not an instant vector');
  }
  if (data.result.length > MAX_SERIES) {
    throw new SourceError(
      'malformed',
      `the answer has ${data.result.length} series, at most ${MAX_SERIES} are read, so none is: ask for fewer, with sum by or topk`,
    );
  }
  const odd = lacks === undefined ? [] : data.result.filter(isOdd);
  if (odd.length > 0) lacks?.add(leftOut(odd));
  return (odd.length > 0 ? data.result.filter((entry) => !isOdd(entry)) : data.result).map(sample);
}

/** Is the value of a series one that Prometheus has and no sum can bear? */
const isOdd = (entry: unknown): boolean =>
  isRecord(entry) && Array.isArray(entry.value) && /^(?:NaN|[-+]Inf)$/.test(String(entry.value[1]));

function leftOut(odd: readonly unknown[]): string {
  const [first] = odd.map((entry) => (isRecord(entry) && isRecord(entry.metric) ? entry.metric : {}));
  const { [PART]: _, ...labels } = first ?? {};
  const of = JSON.stringify(labels).slice(0, 100);
  return odd.length === 1
    ? `a value of the answer is no finite number and left out: that of ${of}`
    : `${odd.length} values of the answer are no finite numbers and left out, such as that of ${of}`;
}

/** The names of all labels that series of this name have or had. Some servers name a few for every metric. */
export async function labelsOf(http: HttpClient, metric: string): Promise<unknown[]> {
  // Google Cloud Monitoring takes this question as GET only.
  const labels = successData((await http.get('/api/v1/labels', { 'match[]': metric })).body, http);
  if (!Array.isArray(labels)) throw new SourceError('malformed', 'the answer is not a list of label names');
  return labels;
}

/** True when any series of this name is stored, at whatever time and with whatever labels. */
export async function metricExists(http: HttpClient, metric: string): Promise<boolean> {
  const labels = await labelsOf(http, metric);
  if (!labels.includes('__name__') || labels.length > 1) return labels.includes('__name__');
  // Without any label of its own; VictoriaMetrics names this one for every metric, also for one that there is not.
  const { body } = await http.get('/api/v1/label/__name__/values', { 'match[]': metric });
  const names = successData(body, http);
  if (!Array.isArray(names)) throw new SourceError('malformed', 'the answer is not a list of names');
  return names.includes(metric);
}

/**
 * What a successful answer holds.
 * @param lacks takes what it says of data that it lacks; without it such an answer is an error
 * @param who answered, for messages
 * @throws SourceError for any other
 */
export function successData(
  body: string,
  { lacks, who = 'Prometheus' }: { readonly lacks?: Set<string>; readonly who?: string } = {},
): unknown {
  const answer = jsonIn(body);
  if (!isRecord(answer)) throw new SourceError('malformed', 'the answer is not an object');
  if (answer.status !== 'success') {
    const said = typeof answer.error === 'string' ? answer.error : 'no reason given';
    throw new SourceError(
      'refused',
      `${who} answered status ${JSON.stringify(answer.status)}: ${said.slice(0, 200)}`,
    );
  }
  const lack = lackOf(answer, who);
  if (lack !== null && lacks === undefined) throw new SourceError('incomplete', lack);
  if (lack !== null) lacks?.add(lack);
  return answer.data;
}

/**
 * What an answer says of data that it lacks, or null. Thanos, Mimir and Prometheus itself (where it reads from a remote
 * store) warn of it, a cluster of VictoriaMetrics says `isPartial` and no more.
 */
function lackOf(answer: Readonly<Record<string, unknown>>, who: string): string | null {
  const warnings = Array.isArray(answer.warnings) ? answer.warnings.map(String) : [];
  const lacks = warnings.filter((warning) => !isRemark(warning));
  if (lacks.length > 0) return `${who} warns: ${lacks.join('; ').slice(0, 200)}`;
  return answer.isPartial === true ? 'the answer is partial: some of the data could not be read' : null;
}

/**
 * Remarks on the query itself stand among the warnings too: that a name does not look like a counter's, that a quantile
 * is none. Of those only one lacks data: what mixes histograms with numbers is left out of a sum.
 */
const isRemark = (warning: string): boolean =>
  /^PromQL (?:info|warning):/.test(warning) && !/\bmix of\b/.test(warning);

function sample(entry: unknown): Sample {
  if (!isRecord(entry) || !isRecord(entry.metric) || !Array.isArray(entry.value)) {
    throw new SourceError('malformed', 'a series of the answer is not well formed');
  }
  const text: unknown = entry.value[1];
  const value = typeof text === 'string' && /^[-+]?\d/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) {
    throw new SourceError(
      'malformed',
      `a value of the answer is ${String(text).slice(0, 20)}, not a finite number`,
    );
  }
  const labels = entry.metric;
  if (!isTexts(labels)) throw new SourceError('malformed', 'a label of the answer is not a text');
  return { labels, value };
}

const isTexts = (labels: Record<string, unknown>): labels is Record<string, string> =>
  Object.values(labels).every((text) => typeof text === 'string');
