import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runProgram } from '../support/program.ts';
import type { Result, RunOptions, Triage } from './systems.ts';

/** What the tests read of `ratelimit/triage-contexts/v1`. */
export interface Contexts {
  schema: string;
  at: string;
  verdict: {
    category: string;
    confidence: string;
    severity: string | null;
    contexts: string[];
    summary: string;
  };
  shared: { kind: string; id: string; contexts: string[] }[];
  contexts: {
    context: string;
    exitCode: number;
    triage: (Triage & { schema: string }) | null;
    error: { exitCode: number } | null;
  }[];
  warnings: string[];
  degraded: boolean;
  timings: { totalMs: number };
}

/** Each name as a `--context`. */
export const named = (names: string): string[] => names.split(' ').flatMap((name) => ['--context', name]);

/** Triages several and reads the document that it wrote, which is all that it may have written. */
export async function triageSeveral(
  args: readonly string[],
  options: RunOptions,
): Promise<Result & { document: Contexts }> {
  const result = await runProgram(['triage', '-o', 'json', ...args], options);
  expect(result.stderr).toBe('');
  return { ...result, document: JSON.parse(result.stdout) as Contexts };
}

/** Writes the configuration file of a home folder: contexts by name, each as YAML in one line. */
export async function configure(home: string, contexts: Readonly<Record<string, string>>): Promise<void> {
  const folder = join(home, 'config', 'ratelimit');
  await mkdir(folder, { recursive: true });
  const lines = Object.entries(contexts).map(([name, yaml]) => `  ${JSON.stringify(name)}: ${yaml}\n`);
  await writeFile(join(folder, 'config.yaml'), `contexts:\n${lines.join('')}`);
}
