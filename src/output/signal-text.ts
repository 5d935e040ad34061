import type { Sample, Signal } from '../evidence/types.ts';
import { formatDuration } from '../values/duration.ts';
import { escapeText } from './escape.ts';
import { formatAmount, formatNumber } from './numbers.ts';

/** What an estimate is good for: three digits of it. */
export const roundEstimate = (value: number): number => Number(value.toPrecision(3));

const about = (value: number): string => formatNumber(roundEstimate(value));
const range = ([low, high]: readonly [number, number]): string => `${about(low)} to ${about(high)}`;

/** An estimate and what it rests on: `about 18,400 failures from about 111 IPs in 5m (seen: 6,812 from 41; 95% ...)`. */
export function describeEstimate(signal: Signal, sample: Sample, many: string): string {
  const { unit, windowSeconds } = signal;
  const { seen } = sample;
  // Of what merely is there, the number of entities is all that counts.
  const hasTotal = signal.total !== null && sample.total !== null && unit !== 's left';
  const parts = (total: () => string, distinct: string) =>
    [...(hasTotal ? [total()] : []), ...(signal.distinct === null ? [] : [distinct])].join(' from ');
  const estimates = parts(
    () => `about ${formatAmount(roundEstimate(signal.total ?? 0), unit)}`,
    `about ${about(signal.distinct ?? 0)} ${many}`,
  );
  const counted = parts(() => formatNumber(seen.total), formatNumber(seen.distinct));
  const within = parts(() => (sample.total === null ? '' : range(sample.total)), range(sample.distinct));
  const window = windowSeconds === null ? '' : ` in ${formatDuration(windowSeconds)}`;
  return `${estimates}${window} (seen: ${counted}; 95% interval: ${within})`;
}

const EVICTS: Readonly<Record<string, string>> = {
  'any-key': 'any key may be evicted',
  'keys-with-ttl': 'keys with a TTL may be evicted',
  nothing: 'nothing is evicted',
};

/** `any key may be evicted (allkeys-lru)`. */
export function describeEviction({ rows }: Signal): string {
  const what = rows.flatMap(({ id }) => EVICTS[String(id)] ?? []);
  const policies = rows.flatMap(({ labels }) => Object.keys(labels.policy ?? {}));
  return `${what.join(', ')} (${escapeText([...new Set(policies)].join(', '), 80)})`;
}
