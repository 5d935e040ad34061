import { readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { JournalEvent } from '../../src/journal/types.ts';
import { onStop, searchPath, temporaryFolder, until } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import type { TestRedis } from '../support/redis.ts';
import type { Result, RunOptions } from './systems.ts';

export const IP = '203.0.113.42';
export const blockOf = (ip: string): string => `acp:ip_block:${ip}`;
export const KEY = blockOf(IP);
export const DAY = 86_400;

interface State {
  value: string | { hex: string };
  ttlSeconds: number | null;
  expiresAt: string | null;
}

/** `ratelimit/remedy/v1` as scripts read it. */
export interface RemedyDocument {
  id: string | null;
  subject: string | null;
  status: string;
  reason: string | null;
  operator: string;
  at: string;
  expiresAt: string | null;
  changes: {
    system: string;
    target: string;
    before: State | null;
    after: State | null;
    status: string;
    message: string | null;
    verified: string | null;
  }[];
  verified: string | null;
  verification: string | null;
  undo: string | null;
  warnings: string[];
  message: string | null;
  refusals: { guard: string; message: string; override: string | null }[];
  command: string | null;
}

const DOCUMENT_KEYS = [
  ...[
    'at',
    'changes',
    'command',
    'expiresAt',
    'facts',
    'id',
    'message',
    'operator',
    'reason',
    'refusals',
    'remedy',
  ],
  ...['schema', 'status', 'subject', 'undo', 'verification', 'verified', 'warnings'],
];
const CHANGE_KEYS = ['after', 'before', 'message', 'status', 'system', 'target', 'verified'];

/** The document of a remedy, which must be whole and all there is, whatever became of it. */
export function remedyDocument(result: Pick<Result, 'stdout' | 'stderr'>): RemedyDocument {
  expect(result.stderr).toBe('');
  const document = JSON.parse(result.stdout);
  expect(document.schema).toBe('ratelimit/remedy/v1');
  expect(Object.keys(document).sort()).toEqual(DOCUMENT_KEYS);
  for (const change of document.changes) expect(Object.keys(change).sort()).toEqual(CHANGE_KEYS);
  return document;
}

/** Runs a remedy without a terminal and reads its document. */
export async function remedy(args: readonly string[], options: RunOptions = {}) {
  const result = await runProgram([...args, '-o', 'json'], options);
  return { ...result, document: remedyDocument(result) };
}

/** The words of a block that asks nobody and watches nothing. */
export const blockArgs = (redis: Pick<TestRedis, 'url'>, ...words: string[]): string[] => [
  ...['block-ip', '--redis-url', redis.url, '--yes', '--verify', '0', '--reason', 'abuse'],
  ...words,
];

export const block = (redis: Pick<TestRedis, 'url'>, words: readonly string[], options: RunOptions = {}) =>
  remedy(blockArgs(redis, ...words), options);

/** All keys, sorted. */
export const keysIn = async (redis: TestRedis): Promise<string[]> =>
  (await redis.cli('KEYS', '*'))
    .split('\n')
    .filter((key) => key !== '')
    .sort();

/** Seconds to live; -1: for ever, -2: there is no such key. */
export const ttlOf = async (redis: TestRedis, key: string): Promise<number> =>
  Number(await redis.cli('TTL', key));

/** What the journal of a home holds, line by line; nothing when there is none. */
export function journalOf(home: string): JournalEvent[] {
  try {
    const text = readFileSync(join(home, 'state', 'ratelimit', 'journal.jsonl'), 'utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Event and status of each line of a journal. */
export const journaled = (home: string): string[] =>
  journalOf(home).map((event) => {
    if (event.event === 'outcome') return `outcome ${event.status}`;
    return event.event === 'verified' ? `verified ${event.verified}` : event.event;
  });

/** A HOME with a configuration. */
export async function homeWith(config: string): Promise<string> {
  const home = await temporaryFolder('home');
  await mkdir(join(home, 'config', 'ratelimit'), { recursive: true });
  await writeFile(join(home, 'config', 'ratelimit', 'config.yaml'), config);
  return home;
}

export const PROGRAM = fileURLToPath(new URL('../../bin/ratelimit.js', import.meta.url));

/** A command line as it was printed, pasted into a shell. */
export async function paste(command: string, home: string) {
  const bin = join(home, 'bin');
  await mkdir(bin, { recursive: true });
  await symlink(PROGRAM, join(bin, 'ratelimit')).catch(() => {});
  const { exitCode, stdout, stderr } = await execa('sh', ['-c', command], {
    ...{ cwd: home, extendEnv: false, reject: false, stdin: 'ignore' },
    env: {
      PATH: [bin, dirname(process.execPath), searchPath].join(delimiter),
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_STATE_HOME: join(home, 'state'),
    },
  });
  return { code: exitCode, stdout, stderr };
}

/** How often Redis ran a command since its statistics were last reset. */
export async function callsOf(redis: TestRedis, command: string): Promise<number> {
  const stats = await redis.cli('INFO', 'commandstats');
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
}

/** Waits until a run has looked that many times since the statistics were reset. */
export const looked = (redis: TestRedis, times: number): Promise<void> =>
  until(async () => (await callsOf(redis, 'mget')) >= times, `Redis was looked at ${times} times`);

/** A way to a Redis that a test can break at will. */
export interface Relay {
  readonly url: string;
  /** From now on a connection that sends this word gets no answers any more. */
  loseAnswersTo(word: string): void;
  /** The same, but what they would have been is kept. @returns lets them through */
  holdAnswersTo(word: string): () => void;
  /** From now on what holds this word does not arrive either. */
  loseCommands(word: string): void;
  /** How many commands were lost, or had their answers lost. */
  lost(): number;
  /** Cuts all connections; `refuse`: new ones too, until it is mended. */
  hangUp(refuse: boolean): void;
  /** Passes everything on again. */
  mend(): void;
}

export async function startRelay({ port }: TestRedis): Promise<Relay> {
  const open = new Set<Socket>();
  let isDown = false;
  let word: string | null = null;
  let isDeaf = false;
  let lost = 0;
  /** What is held back; null: nothing is, or not any more. */
  let held: (() => void)[] | null = null;
  let isOver = false;
  const keep = (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    keep(client);
    if (isDown) return client.destroy();
    const redis = keep(connect({ host: '127.0.0.1', port }));
    let isLost = false;
    client.on('data', (chunk) => {
      if (!isLost && word !== null && chunk.includes(word)) {
        isLost = true;
        lost += 1;
      }
      if (!isLost || !isDeaf) redis.write(chunk);
    });
    redis.on('data', (chunk) => {
      if (!isLost || isOver) client.write(chunk);
      else held?.push(() => client.write(chunk));
    });
    client.on('close', () => redis.destroy());
    redis.on('close', () => client.destroy());
    return client;
  });
  const at = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : 0);
    });
  });
  onStop(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `redis://127.0.0.1:${at}`,
    loseAnswersTo: (text) => {
      word = text;
    },
    holdAnswersTo: (text) => {
      const answers: (() => void)[] = [];
      [word, held] = [text, answers];
      return () => {
        [word, held, isOver] = [null, null, true];
        for (const answer of answers) answer();
      };
    },
    loseCommands: (text) => {
      word = text;
      isDeaf = true;
    },
    lost: () => lost,
    hangUp: (refuse) => {
      isDown = refuse;
      for (const socket of open) socket.destroy();
    },
    mend: () => {
      isDown = false;
      word = null;
    },
  };
}
