import type { z } from 'zod';
import { type Problem, readYaml, sentences } from '../config/yaml.ts';
import { ConfigError } from '../errors.ts';
import { didYouMean, dottedKey } from '../values/text.ts';
import { checkReferences } from './check.ts';
import { type Runbook, runbookSchema } from './schema.ts';

/**
 * Reads a runbook from the bytes of a YAML file and checks it completely.
 * @param path how messages name the file
 * @throws ConfigError with every problem, each with file, line and key
 */
export function parseRunbook(yaml: string | Uint8Array, path: string): Runbook {
  const file = readYaml(path, typeof yaml === 'string' ? Buffer.from(yaml) : yaml);
  if (Array.isArray(file)) return fail(path, file);
  if (file.isEmpty) return fail(path, [`${path}: expected a runbook, got an empty file`]);
  const parsed = runbookSchema.safeParse(file.raw);
  if (!parsed.success) {
    return fail(
      path,
      sentences(
        path,
        parsed.error.issues.flatMap((issue) => describe(issue, file.lineOf)),
      ),
    );
  }
  const dangling = checkReferences(parsed.data).map((problem): Problem => {
    const key = dottedKey(problem.path);
    return { line: file.lineOf(problem.path), text: `${key}: ${problem.message}` };
  });
  return dangling.length > 0 ? fail(path, sentences(path, dangling)) : parsed.data;
}

function fail(path: string, problems: readonly string[]): never {
  throw new ConfigError(`${path} is not a valid runbook:`, problems);
}

function describe(issue: z.core.$ZodIssue, lineOf: (path: PropertyKey[]) => number): Problem[] {
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
