import { UsageError } from '../errors.ts';
import { problemWithReason } from '../values/text.ts';

/** @throws UsageError for what must not be stored: nothing, control characters, a whole novel */
export function checkWords(what: string, text: string | undefined, missing: string): void {
  const problem = text === undefined ? null : text.trim() === '' ? missing : problemWithReason(text);
  if (problem !== null) throw new UsageError(`${what}: ${problem}`);
}
