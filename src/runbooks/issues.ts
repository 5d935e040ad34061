import type { z } from 'zod';
import type { Problem } from '../config/yaml.ts';
import { didYouMean, dottedKey } from '../values/text.ts';

/** What a schema of `mapping`s found, a sentence with its line each; for an unknown key with the nearest valid one. */
export const problemsOf = (
  issues: readonly z.core.$ZodIssue[],
  lineOf: (path: readonly PropertyKey[]) => number,
): Problem[] => issues.flatMap((issue) => describe(issue, lineOf));

function describe(issue: z.core.$ZodIssue, lineOf: (path: readonly PropertyKey[]) => number): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    // The message holds the valid keys; see `mapping` in fields.ts.
    return issue.keys.map((name) => {
      const path = [...issue.path, name];
      return {
        line: lineOf(path),
        text: `${dottedKey(path)}: unknown key, ${didYouMean(name, issue.message.split(' '))}`,
      };
    });
  }
  const key = issue.path.length === 0 ? '' : `${dottedKey(issue.path)}: `;
  return [{ line: lineOf(issue.path), text: `${key}${issue.message}` }];
}
