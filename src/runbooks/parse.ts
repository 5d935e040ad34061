import { ConfigError } from '../errors.ts';
import { checkReferences } from './check.ts';
import { type Runbook, runbookSchema } from './schema.ts';
import { readStrict } from './strict-yaml.ts';

/**
 * Reads a runbook from the bytes of a YAML file and checks it completely.
 * @param path how messages name the file
 * @param name what the runbook must call itself, where a name is how it was found
 * @throws ConfigError with every problem, each with file, line and key
 */
export function parseRunbook(yaml: string | Uint8Array, path: string, name?: string): Runbook {
  const file = readStrict(runbookSchema, yaml, { what: 'a runbook', path });
  if (Array.isArray(file)) return fail(path, file);
  const { data } = file;
  const misnamed = name !== undefined && data.name !== name;
  const problems = file.locate([
    ...(misnamed
      ? [{ path: ['name'], message: `expected ${name}, as the file is called, got ${data.name}` }]
      : []),
    ...checkReferences(data),
  ]);
  return problems.length > 0 ? fail(path, problems) : data;
}

function fail(path: string, problems: readonly string[]): never {
  throw new ConfigError(`${path} is not a valid runbook:`, problems);
}
