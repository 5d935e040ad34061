import { type Problem, readYaml, sentences } from '../config/yaml.ts';
import { ConfigError } from '../errors.ts';
import { dottedKey } from '../values/text.ts';
import { checkReferences } from './check.ts';
import { problemsOf } from './issues.ts';
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
    return fail(path, sentences(path, problemsOf(parsed.error.issues, file.lineOf)));
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
