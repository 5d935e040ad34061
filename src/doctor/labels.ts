import { isLikePattern } from '../runbooks/match.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { labelKey, MOST_VALUES, wantedLabels } from '../runbooks/wanted-labels.ts';
import type { Scraping } from './facts.ts';
import { type Check, checkOf } from './types.ts';

/**
 * Labels that no series of a metric has, and values that look like a slip for one that is there: what they choose is
 * empty for ever, and would be taken for calm.
 */
export function labelChecks(runbook: Runbook, { ages, labels }: Scraping, host: string): Check[] {
  return wantedLabels(runbook).flatMap(({ signal, metric, label, values: wanted, optional }): Check[] => {
    // Of a metric that is not there now nothing can be told.
    if (ages[metric] === undefined) return [];
    const values = labels[labelKey(metric, label)] ?? [];
    const check = (code: 'label-missing' | 'value-missing', value: string | null): Check =>
      checkOf({
        ...{ check: 'prometheus', level: 'warning', signal, source: host, code },
        args: { metric, label, value, values },
      });
    if (values.length === 0 && optional) return [];
    if (values.length === 0)
      return [check('label-missing', wanted.length === 1 ? (wanted[0] ?? null) : null)];
    if (values.length > MOST_VALUES) return [];
    // Whoever lists two spellings means both.
    const others = values.filter((one) => !wanted.includes(one));
    return wanted
      .filter((value) => !values.includes(value) && isSlip(value, others))
      .map((value) => check('value-missing', value));
  });
}

/** A pattern, or another spelling of a value that is there. A counter's other values may only not have come up yet. */
function isSlip(value: string, values: readonly string[]): boolean {
  if (isLikePattern(value)) return true;
  const plain = value.toLowerCase();
  return values.some((other) => {
    const near = other.toLowerCase();
    return (
      near === plain || (isLong(plain) && near.startsWith(plain)) || (isLong(near) && plain.startsWith(near))
    );
  });
}

/** Of a letter or two many words begin so. */
const isLong = (text: string): boolean => text.length > 2;
