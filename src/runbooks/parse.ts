import { LineCounter, parseDocument } from 'yaml';
import { ConfigError } from '../errors.ts';
import { checkReferences } from './check.ts';
import { type Runbook, runbookSchema } from './schema.ts';

/**
 * Reads a runbook from YAML text and checks it completely.
 * @throws ConfigError with every problem, each with file, line and key
 */
export function parseRunbook(yaml: string, file: string): Runbook {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, uniqueKeys: true });
  const at = (path: readonly PropertyKey[]): string => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true) as
        | { range?: [number, number, number] }
        | undefined;
      if (node?.range) return `${file}:${lines.linePos(node.range[0]).line}`;
    }
    return file;
  };
  const fail = (problems: string[]): never => {
    throw new ConfigError(`${file} is not a valid runbook:`, problems);
  };

  if (document.errors.length > 0) {
    fail(
      document.errors.map(
        (error) => `${file}:${error.linePos?.[0].line ?? 1}: ${error.message.split('\n')[0]}`,
      ),
    );
  }
  const parsed = runbookSchema.safeParse(document.toJS({ maxAliasCount: 50 }));
  if (!parsed.success) {
    return fail(
      parsed.error.issues.map((i) => `${at(i.path)}: ${i.path.map(String).join('.')}: ${i.message}`),
    );
  }
  const dangling = checkReferences(parsed.data);
  if (dangling.length > 0) fail(dangling.map((p) => `${at(p.path)}: ${p.path.join('.')}: ${p.message}`));
  return parsed.data;
}
