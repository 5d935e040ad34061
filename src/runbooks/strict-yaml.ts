import type { z } from 'zod';
import { type Problem, readYaml, sentences, type YamlFile } from '../config/yaml.ts';
import { closestTo, didYouMean, dottedKey } from '../values/text.ts';
import { inWords } from './words.ts';

/** A YAML file that fits its schema, and where its keys are. */
export interface StrictFile<Data> {
  readonly data: Data;
  /** Problems that only show later, as sentences with file, line and key, in the order of the lines. */
  locate(problems: readonly KeyProblem[]): string[];
}

interface KeyProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * Reads a YAML file by a schema made of `mapping` (fields.ts).
 * @param what the document is, such as `a runbook`
 * @param path how messages name the file
 * @returns the file, or all its problems: sentences with file, line and key
 */
export function readStrict<Data>(
  schema: z.ZodType<Data>,
  yaml: string | Uint8Array,
  { what, path }: { readonly what: string; readonly path: string },
): StrictFile<Data> | string[] {
  const file = readYaml(path, typeof yaml === 'string' ? Buffer.from(yaml) : yaml);
  if (Array.isArray(file)) return file;
  if (file.isEmpty) return [`${path}: expected ${what}, got an empty file`];
  const parsed = schema.safeParse(file.raw, { error: inWords });
  if (!parsed.success) {
    const problems = causes(parsed.error.issues).flatMap((issue) => describe(issue, file.lineOf));
    return sentences(path, problems);
  }
  return {
    data: parsed.data,
    locate: (problems) =>
      sentences(
        path,
        problems.map(({ path: key, message }) => ({
          line: file.lineOf(key),
          text: `${dottedKey(key)}: ${message}`,
        })),
      ),
  };
}

/**
 * The issues without those that follow from another one: a key that is missing, since it is misspelt beside, and the
 * length of what has the wrong type.
 */
function causes(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const misspelt = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => dottedKey([...issue.path, closestTo(name, issue.message.split(' '))]))
      : [],
  );
  const ofType = new Set<string>();
  return issues.filter((issue) => {
    const key = dottedKey(issue.path);
    const isRepeated = (issue.code === 'too_big' || issue.code === 'too_small') && ofType.has(key);
    if (issue.code === 'invalid_type') ofType.add(key);
    return !isRepeated && !(issue.message.endsWith(', got nothing') && misspelt.includes(key));
  });
}

function describe(issue: z.core.$ZodIssue, lineOf: YamlFile['lineOf']): Problem[] {
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
