import { ConfigError } from '../errors.ts';
import { readStrict } from '../runbooks/strict-yaml.ts';
import { checkIncident } from './check.ts';
import { type Incident, incidentSchema } from './schema.ts';

/**
 * Reads an incident from the bytes of a YAML file and checks it completely.
 * @param path how messages name the file
 * @throws ConfigError with every problem, each with file, line and key
 */
export function parseIncident(yaml: string | Uint8Array, path: string): Incident {
  const file = readStrict(incidentSchema, yaml, { what: 'an incident', path });
  if (Array.isArray(file)) return fail(path, file);
  const problems = file.locate(checkIncident(file.data));
  return problems.length > 0 ? fail(path, problems) : file.data;
}

function fail(path: string, problems: readonly string[]): never {
  throw new ConfigError(`${path} is not a valid incident:`, problems);
}
