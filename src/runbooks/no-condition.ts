import { nearest } from '../values/nearest.ts';
import { got } from './words.ts';

/** What is no condition: a name that is none, several at once, or a list of them without a word that combines them. */
export function noCondition(value: unknown, keys: readonly string[], names: readonly string[]): string {
  const [key = ''] = keys;
  if (Array.isArray(value)) return 'expected one condition, got a list: put it under all: or any:';
  if (keys.length > 1 && keys.every((name) => names.includes(name)))
    return `expected one condition, got ${keys.join(' and ')}: put them under all: or any:, a dash before each`;
  const what = keys.length === 1 ? `"${key}"` : got(keys.length === 0 ? value : keys.join(', '));
  return `expected one condition of: ${names.join(', ')}; got ${what}${key === '' ? '' : nearest(key, names)}`;
}
