import { isRecord } from '../../values/parse.ts';
import { SourceError } from '../source-error.ts';
import type { HttpClient } from './http.ts';

/** One series of an instant vector. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const MAX_SERIES = 20_000;

/**
 * Runs an instant query at the server's own present.
 * @throws SourceError for anything but a complete, clean vector of finite numbers: a warning means that part of the
 *   data is missing, and NaN or Inf would poison every sum it enters
 */
export async function query(http: HttpClient, promql: string): Promise<Sample[]> {
  const data = successData(await http.ask('/api/v1/query', { query: promql }));
  if (!isRecord(data) || data.resultType !== 'vector' || !Array.isArray(data.result)) {
    throw new SourceError('malformed', 'the answer is not an instant vector');
  }
  if (data.result.length > MAX_SERIES) {
    throw new SourceError(
      'malformed',
      `the answer has ${data.result.length} series, at most ${MAX_SERIES} are read`,
    );
  }
  return data.result.map(sample);
}

/** True when any series of this name is stored, at whatever time and with whatever labels. */
export async function metricExists(http: HttpClient, metric: string): Promise<boolean> {
  const data = successData(await http.ask('/api/v1/labels', { 'match[]': metric }));
  if (!Array.isArray(data)) throw new SourceError('malformed', 'the answer is not a list of label names');
  return data.includes('__name__');
}

/** What a successful answer holds. @throws SourceError for any other */
export function successData(body: string): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    const looks = /^\s*</.test(body) ? 'HTML, not JSON (a login page or a proxy?)' : 'not complete JSON';
    throw new SourceError('malformed', `the answer is ${looks}`);
  }
  if (!isRecord(answer)) throw new SourceError('malformed', 'the answer is not an object');
  if (answer.status !== 'success') {
    const said = typeof answer.error === 'string' ? answer.error : 'no reason given';
    throw new SourceError(
      'refused',
      `Prometheus answered status ${JSON.stringify(answer.status)}: ${said.slice(0, 200)}`,
    );
  }
  // Some versions put remarks on the query itself among the warnings.
  const warnings = Array.isArray(answer.warnings) ? answer.warnings.map(String) : [];
  const missing = warnings.filter((warning) => !warning.startsWith('PromQL info:'));
  if (missing.length > 0) {
    throw new SourceError('incomplete', `Prometheus warns: ${missing.join('; ').slice(0, 200)}`);
  }
  return answer.data;
}

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
  const labels = Object.entries(entry.metric);
  if (!labels.every((label): label is [string, string] => typeof label[1] === 'string')) {
    throw new SourceError('malformed', 'a label of the answer is not a text');
  }
  return { labels: Object.fromEntries(labels), value };
}
