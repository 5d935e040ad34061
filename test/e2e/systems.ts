import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { calm, type Incident, merge } from '../support/incidents.ts';
import { openMetrics } from '../support/openmetrics.ts';
import { runProgram } from '../support/program.ts';
import { startPrometheus, type TestPrometheus } from '../support/prometheus.ts';
import type { Command } from '../support/resp.ts';

export type Result = Awaited<ReturnType<typeof runProgram>>;
export type RunOptions = NonNullable<Parameters<typeof runProgram>[1]>;

/** What the tests read of `ratelimit/triage/v1`. */
export interface Triage {
  context: string | null;
  runbook: string;
  verdict: { category: string; confidence: string; summary: string };
  findings: {
    category: string;
    confidence: string;
    caveats: { code: string; text: string }[];
    subjects: { kind: string; id: string }[];
    remedies: { id: string; command: string | null }[];
  }[];
  signals: Record<
    string,
    {
      status: string;
      reason: string | null;
      total: number | null;
      rows: {
        id: string | { hex: string };
        value: number;
        lastSeenSeconds: number | null;
        labels: Record<string, Record<string, number>>;
      }[];
    }
  >;
  warnings: string[];
  degraded: boolean;
}

/** A deadline that only a fault reaches, whatever else the machine does; theirs, where the words have one. */
export const unhurried = (args: readonly string[]): string[] => [
  ...(args.includes('--timeout') ? [] : ['--timeout', '60s']),
  ...args,
];

/** Runs the program and reads the document that it wrote, which is all that it may have written. */
export async function triage(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Result & { document: Triage }> {
  const result = await runProgram(['triage', '-o', 'json', ...unhurried(args)], options);
  expect(result.stderr).toBe('');
  return { ...result, document: JSON.parse(result.stdout) as Triage };
}

/** A platform at rest, and whatever else goes on. */
export function incidentAt(now: number, ...others: Incident[]): Incident {
  return merge(calm(now), ...others);
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** A Prometheus that holds the incident's series. */
export const prometheusWith = (
  incident: Incident,
  options: Parameters<typeof startPrometheus>[0] = {},
): Promise<TestPrometheus> => startPrometheus({ series: openMetrics(incident.series), ...options });

/** The commands for another database of the same server. */
export const inDatabase = (db: number, commands: readonly Command[]): Command[] => [
  ['SELECT', String(db)],
  ...commands,
];

/** Signals of the runbook that are read from Redis, and those from Prometheus. */
export function signalsBySystem(): { redis: string[]; prometheus: string[] } {
  const file = new URL('../../dist/runbooks/aegis.json', import.meta.url);
  const { signals } = JSON.parse(readFileSync(file, 'utf8')) as {
    signals: Record<string, { sources: { kind: string }[] }>;
  };
  const of = (system: string) =>
    Object.keys(signals).filter((id) =>
      // A query of the operator's own is not asked as long as there is none.
      signals[id]?.sources.every(({ kind }) => kind.startsWith(`${system}-`) && kind !== 'prometheus-query'),
    );
  return { redis: of('redis'), prometheus: of('prometheus') };
}

/** What Node and V8 print of an error that nobody caught, or that was printed whole. */
const STACK_TRACE = /^\s+at \S|node:internal|\.[cm]?js:\d+|UnhandledPromise|triggerUncaught/m;

/** An error for people: nothing on stdout, sentences on stderr. */
export function expectError({ stdout, stderr }: Result): void {
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^ratelimit: \S/);
  expect(stderr).not.toMatch(STACK_TRACE);
}

/** The error document, which must be all there is. */
export function errorDocument({ stdout, stderr }: Result): Record<string, unknown> {
  expect(stderr).toBe('');
  const document = JSON.parse(stdout) as Record<string, unknown>;
  expect(Object.keys(document).sort()).toEqual(['code', 'exitCode', 'hint', 'message', 'schema']);
  expect(document.schema).toBe('ratelimit/error/v1');
  return document;
}

interface Shown {
  schema: string;
  context: string | null;
  file: string | null;
  values: { key: string; value: string; origin: string }[];
}

/** The effective configuration; `of` gives a key as `value (origin)`. */
export async function configShow(options: RunOptions, args: readonly string[] = []) {
  const result = await runProgram(['config', 'show', '-o', 'json', ...args], options);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  const shown = JSON.parse(result.stdout) as Shown;
  expect(shown.schema).toBe('ratelimit/config/v1');
  const values = new Map(shown.values.map(({ key, value, origin }) => [key, `${value} (${origin})`]));
  return { ...shown, of: (key: string) => values.get(key) };
}
