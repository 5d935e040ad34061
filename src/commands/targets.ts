import { UsageError } from '../errors.ts';
import { parseTarget, type Target } from '../values/targets.ts';

/** Addresses and ranges as they were typed. @throws UsageError with everything that is wrong at once */
export function parseTargets(words: readonly string[]): Target[] {
  if (words.length === 0) {
    throw new UsageError(
      'no address was given',
      'Give addresses or ranges, or --stdin to read them from stdin.',
    );
  }
  const parsed = words.map((word) => parseTarget(word));
  const problems = [...new Set(parsed.filter((target) => typeof target === 'string'))];
  if (problems.length > 0) throw new UsageError(problems.slice(0, 10).join('\n'));
  const targets = parsed.filter((target) => typeof target !== 'string');
  return [...new Map(targets.map((target) => [target.text, target])).values()];
}
