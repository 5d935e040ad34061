import type { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { didYouMean, dottedKey, quote } from '../values/text.ts';
import { type ConfigFile, configFile } from './schema.ts';
import { type Problem, readYaml, sentences } from './yaml.ts';

/** A configuration file that is valid, and where its keys are. */
export interface ConfigSource {
  readonly path: string;
  readonly content: ConfigFile;
  /** `file:line: dotted.key`, for a problem that only shows later; the nearest key that exists gives the line. */
  at(key: readonly PropertyKey[]): string;
}

/**
 * Parses and validates the bytes of a configuration file.
 * @param path how messages name the file
 * @throws ConfigError with all problems at once, each a sentence with file, line, key, what was expected and got
 */
export function parseConfigFile(path: string, bytes: Uint8Array): ConfigSource {
  const file = readYaml(path, bytes);
  if (Array.isArray(file)) return fail(file);
  const { raw, lineOf } = file;
  if (file.isEmpty)
    fail([`${path}: expected a mapping with current-context and contexts, got an empty file`]);
  const parsed = configFile.safeParse(raw);
  if (!parsed.success) {
    return fail(
      sentences(
        path,
        parsed.error.issues.flatMap((issue) => describeIssue(issue, raw, lineOf)),
      ),
    );
  }
  return { path, content: parsed.data, at: (key) => `${path}:${lineOf(key)}: ${dottedKey(key)}` };
}

function fail(problems: readonly string[]): never {
  throw new ConfigError('the configuration file cannot be used', problems);
}

/** The problems of one issue of the schema; see `mapping` in schema.ts for what the messages mean. */
function describeIssue(
  issue: z.core.$ZodIssue,
  raw: unknown,
  lineOf: (key: PropertyKey[]) => number,
): Problem[] {
  const line = lineOf(issue.path);
  const key = issue.path.length === 0 ? '' : `${dottedKey(issue.path)}: `;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((name) => {
        const path = [...issue.path, name];
        const advice = didYouMean(name, issue.message.split(' '));
        return { line: lineOf(path), text: `${dottedKey(path)}: unknown key, ${advice}` };
      });
    case 'custom':
      return [{ line, text: key + issue.message }];
    case 'invalid_key':
      return [{ line, text: `${key}expected ${issue.issues[0]?.message ?? issue.message} as the key` }];
    default:
      return [
        { line, text: `${key}expected ${issue.message}, got ${got(valueAt(raw, issue.path), issue.path)}` },
      ];
  }
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

/** What was got, by its kind alone where it may be a secret: a token as the whole file, a password as a path. */
function got(value: unknown, path: readonly PropertyKey[]): string {
  const last = String(path.at(-1) ?? '');
  const secret = path.length === 0 || last.endsWith('-file') || path.includes('headers');
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return secret ? 'text' : quote(value);
  if (typeof value === 'number') return secret ? 'a number' : String(value);
  if (typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : 'a mapping';
}
