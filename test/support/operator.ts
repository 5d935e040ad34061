import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Change, JournalEvent } from '../../src/journal/types.ts';
import { temporaryFolder } from './processes.ts';
import { runProgram, spawnProgram } from './program.ts';

/** What the tests read of `ratelimit/remedy/v1`. */
export interface RemedyDocument {
  id: string | null;
  remedy: string;
  status: string;
  reason: string | null;
  operator: string;
  expiresAt: string | null;
  changes: Change[];
  verified: string | null;
  undo: string | null;
  warnings: string[];
  message: string | null;
  refusals: { guard: string; message: string; override: string | null }[];
}

/** What the tests read of `ratelimit/journal/v1`. */
interface JournalDocument {
  entries: {
    id: string;
    seq: number;
    at: string;
    remedy: string;
    status: string;
    resolved: boolean;
    verified: string | null;
    operator: string;
    reason: string;
    changes: Change[];
    undoes: string | null;
    undoneBy: string | null;
    now: string | null;
    team: boolean;
  }[];
  intact: boolean;
  warnings: string[];
}

type RunOptions = NonNullable<Parameters<typeof runProgram>[1]>;

/** Somebody with a home, and so with a journal, of their own, who works on one Redis. */
export interface Operator {
  readonly home: string;
  readonly folder: string;
  /** The journal. */
  readonly file: string;
  run(args: readonly string[], options?: RunOptions): ReturnType<typeof runProgram>;
  /** Starts without waiting for the end; a remedy of `--yes --verify 0` unless it says otherwise. */
  start(args: readonly string[], options?: RunOptions): Promise<Started>;
  /** A remedy as JSON, `--yes --verify 0` unless it says otherwise. Nothing else may be said on stderr. */
  remedy(
    args: readonly string[],
    options?: RunOptions,
  ): Promise<{ code: number | undefined; document: RemedyDocument }>;
  journal(args?: readonly string[]): Promise<JournalDocument>;
  /** The events of the journal; throws unless the chain is whole. */
  events(): Promise<JournalEvent[]>;
}

interface Started {
  kill(): void;
  readonly ended: Promise<{ code: number | undefined; stdout: string; stderr: string }>;
}

/** @param reach what makes commands hit the Redis of the test */
export async function makeOperator(reach: readonly string[], home?: string): Promise<Operator> {
  const own = home ?? (await temporaryFolder('operator'));
  const folder = join(own, 'state', 'ratelimit');
  const file = join(folder, 'journal.jsonl');
  const run: Operator['run'] = (args, options) => runProgram([...args, ...reach], { home: own, ...options });
  return {
    ...{ home: own, folder, file, run },
    async start(args, options) {
      const words = [...remedyWords(args), ...reach];
      const { child } = await spawnProgram(words, { home: own, ...options });
      return {
        kill: () => void child.kill('SIGKILL'),
        ended: child.then(({ exitCode, stdout, stderr }) => ({ code: exitCode, stdout, stderr })),
      };
    },
    async remedy(args, options) {
      const { code, stdout, stderr } = await run(remedyWords(args), options);
      expect(stderr).toBe('');
      return { code, document: remedyOf(stdout) };
    },
    async journal(args = []) {
      const { code, stdout, stderr } = await run(['journal', '-o', 'json', ...args]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout) as JournalDocument;
    },
    events: async () => chainOf(await readFile(file, 'utf8').catch(() => '')),
  };
}

function remedyWords(args: readonly string[]): string[] {
  const more = args.includes('--verify') ? [] : ['--verify', '0'];
  return [...args, '-o', 'json', '--yes', ...more];
}

export function remedyOf(stdout: string): RemedyDocument {
  const document = JSON.parse(stdout);
  expect(document.schema, stdout).toBe('ratelimit/remedy/v1');
  return document;
}

/** The events of a journal, each of which must follow the one before by number and by hash, as its page says. */
function chainOf(text: string): JournalEvent[] {
  if (text === '') return [];
  expect(text.endsWith('\n'), 'the last line is whole').toBe(true);
  const lines = text.split('\n').slice(0, -1);
  let prev = '0'.repeat(64);
  return lines.map((line, index) => {
    const event = JSON.parse(line) as JournalEvent;
    expect(event, `line ${index + 1}`).toMatchObject({ seq: index + 1, prev });
    prev = createHash('sha256').update(line).digest('hex');
    return event;
  });
}
