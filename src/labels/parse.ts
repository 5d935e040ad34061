import type { Runbook } from '../runbooks/schema.ts';
import { readStrict } from '../runbooks/strict-yaml.ts';
import { labelSchema, unknownNames } from './schema.ts';
import type { Label } from './types.ts';

/**
 * Reads a label. Names that the runbook does not have are problems.
 * @param path how messages name the file
 * @returns the label, or all its problems: sentences with file, line and key
 */
export function parseLabel(yaml: Uint8Array, path: string, runbook: Runbook): Label | string[] {
  const file = readStrict(labelSchema, yaml, { what: 'a label', path });
  if (Array.isArray(file)) return file;
  const problems = file.locate(unknownNames(file.data, runbook));
  const { 'not-proposed': notProposed, ...rest } = file.data;
  return problems.length > 0 ? problems : { ...rest, notProposed };
}
