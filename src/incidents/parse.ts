import { type Problem, readYaml, sentences } from '../config/yaml.ts';
import { ConfigError } from '../errors.ts';
import { problemsOf } from '../runbooks/issues.ts';
import { dottedKey } from '../values/text.ts';
import { checkIncident } from './check.ts';
import { type Incident, incidentSchema } from './schema.ts';

/**
 * Reads an incident from the bytes of a YAML file and checks it completely.
 * @param path how messages name the file
 * @throws ConfigError with every problem, each with file, line and key
 */
export function parseIncident(yaml: string | Uint8Array, path: string): Incident {
  const file = readYaml(path, typeof yaml === 'string' ? Buffer.from(yaml) : yaml);
  if (Array.isArray(file)) return fail(path, file);
  if (file.isEmpty) return fail(path, [`${path}: expected an incident, got an empty file`]);
  const parsed = incidentSchema.safeParse(file.raw);
  if (!parsed.success) return fail(path, sentences(path, problemsOf(parsed.error.issues, file.lineOf)));
  const dangling = checkIncident(parsed.data).map(({ path: key, message }): Problem => {
    return { line: file.lineOf(key), text: `${dottedKey(key)}: ${message}` };
  });
  return dangling.length > 0 ? fail(path, sentences(path, dangling)) : parsed.data;
}

function fail(path: string, problems: readonly string[]): never {
  throw new ConfigError(`${path} is not a valid incident:`, problems);
}
