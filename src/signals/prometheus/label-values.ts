import { labelKey, MOST_VALUES } from '../../runbooks/wanted-labels.ts';
import { query } from './api.ts';
import type { HttpClient } from './http.ts';
import { combine, partOf } from './promql.ts';

/** The values that labels of metrics have now, one more than are looked at; a label that no series has is not there. */
export async function labelValues(
  http: HttpClient,
  wanted: readonly { readonly metric: string; readonly label: string }[],
): Promise<Readonly<Record<string, readonly string[]>>> {
  const parts = Object.fromEntries(
    wanted.map(({ metric, label }) => [
      labelKey(metric, label),
      `topk(${MOST_VALUES + 1}, count by (${label}) (${metric}{${label}!=""}))`,
    ]),
  );
  if (Object.keys(parts).length === 0) return {};
  const samples = await query(http, combine(parts));
  return Object.fromEntries(
    wanted.flatMap(({ metric, label }) => {
      const values = partOf(samples, labelKey(metric, label)).flatMap(({ labels }) => labels[label] ?? []);
      return values.length === 0 ? [] : [[labelKey(metric, label), values]];
    }),
  );
}
