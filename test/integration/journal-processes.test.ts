import { appendFile, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeLock } from '../../src/journal/lock.ts';
import { openJournal } from '../../src/journal/log.ts';
import { onStop, stopEverything, temporaryFolder } from '../support/processes.ts';

const KILLS = 200;

let program: string;
beforeAll(async () => {
  // Node 20 runs no TypeScript.
  program = join(await temporaryFolder('writer'), 'writer.mjs');
  const entry = fileURLToPath(new URL('../support/journal-writer.ts', import.meta.url));
  await build({ entryPoints: [entry], outfile: program, bundle: true, platform: 'node', format: 'esm' });
});
afterAll(stopEverything);

const self = { pid: process.pid, probe: (pid: number) => process.kill(pid, 0) };
const journalIn = (folder: string) =>
  openJournal({
    ...self,
    folder,
    clock: { now: () => Date.now(), iso: (milliseconds) => new Date(milliseconds).toISOString() },
  });

interface Writer {
  /** Resolved as soon as it is about to append. */
  readonly ready: Promise<void>;
  kill(): void;
  readonly pid: number | undefined;
  /** Resolved when it has ended, with what it said that it has written: `<seq> <id>`. */
  readonly ended: Promise<string[]>;
}

function startWriter(folder: string, name: string, count = 0, pauseMs = 0): Writer {
  const child = execa(process.execPath, [program, folder, name, String(count), String(pauseMs)], {
    reject: false,
    stripFinalNewline: false,
    // Whatever this machine has Node do at each start.
    extendEnv: false,
  });
  const kill = () => void child.kill('SIGKILL');
  onStop(async () => {
    kill();
    await child;
  });
  const ready = new Promise<void>((resolve) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', () => resolve());
  });
  const ended = child.then(({ stdout, stderr }) => {
    expect(stderr).toBe('');
    // What follows the last line break was cut by the kill.
    return stdout
      .split('\n')
      .slice(0, -1)
      .filter((line) => line !== 'ready');
  });
  return { pid: child.pid, ready, kill, ended };
}

/** Leaves half a line, as a writer that is killed while the system writes: too rare to wait for. */
async function tear(folder: string): Promise<void> {
  // Six others want it, and this process has much else to do.
  const release = await takeLock(join(folder, 'journal.lock'), self, AbortSignal.timeout(60_000));
  await appendFile(join(folder, 'journal.jsonl'), '{"schema":"ratelimit/journal-event/v1","seq":');
  await release();
}

/** The events as writers name them, after the journal was found to be sound. */
async function sound(folder: string): Promise<string[]> {
  const { events, problems } = await journalIn(folder).read();
  expect(problems).toEqual([]);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  return events.map(({ seq, id }) => `${seq} ${id}`);
}

test('processes that append at once lose nothing and write nothing twice', async () => {
  const folder = join(await temporaryFolder('journal'), 'state');
  const names = Array.from({ length: 8 }, (_, index) => `writer-${index}`);
  const told = await Promise.all(names.map((name) => startWriter(folder, name, 25).ended));
  for (const one of told) expect(one).toHaveLength(25);
  const written = await sound(folder);
  expect(written).toHaveLength(200);
  expect(written.toSorted()).toEqual(told.flat().sort());
  expect((await readdir(folder)).sort()).toEqual(['journal.head', 'journal.jsonl']);
});

test('writers that are killed at any moment leave a sound journal and a lock that is to be had', async () => {
  const folder = await temporaryFolder('journal');
  const survivors = [0, 1].map((index) => startWriter(folder, `survivor-${index}`, 0, 25));
  const told: string[] = [];
  let deadLocks = 0;
  let number = 0;
  const lane = async () => {
    while (number < KILLS) {
      number += 1;
      const writer = startWriter(folder, `victim-${number}`);
      await writer.ready;
      await sleep(Math.random() * 60);
      writer.kill();
      told.push(...(await writer.ended));
      const lock = await readFile(join(folder, 'journal.lock'), 'utf8').catch(() => '');
      if (lock.includes(`"pid":${writer.pid},`)) deadLocks += 1;
      if (number % 5 === 0) await tear(folder);
      if (number % 40 === 0) await sound(folder);
    }
  };
  await Promise.all(Array.from({ length: 4 }, lane));
  for (const { kill, ended } of survivors) {
    kill();
    const lines = await ended;
    expect(lines.length).toBeGreaterThan(20);
    told.push(...lines);
  }
  expect(number).toBe(KILLS);
  // Without these, nothing was put to the test.
  expect(deadLocks).toBeGreaterThan(0);

  const before = await sound(folder);
  expect(told.filter((line) => !before.includes(line))).toEqual([]);
  const last = await journalIn(folder).append({ event: 'undone', id: 'last', by: 'x' });
  expect(await sound(folder)).toEqual([...before, `${last.seq} last`]);
  const text = await readFile(join(folder, 'journal.jsonl'), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  // A lock that only guards the taking over of another one stays until it is next needed, and is taken over then.
  const kept = (await readdir(folder)).filter((name) => !/\.(?:tmp|recover)$/.test(name));
  expect(kept.sort()).toEqual(['journal.head', 'journal.jsonl']);
});

test('a write that fails halfway leaves nothing, and says why', async () => {
  const folder = await temporaryFolder('journal');
  // No file may grow beyond some ten kilobytes: as on a full disk, the first part is written and the rest is not.
  const command = ['-c', 'ulimit -f 20; exec "$@"', 'sh', process.execPath, program, folder, 'limited', '9'];
  const { exitCode, stdout, stderr } = await execa('sh', command, { reject: false });
  expect(exitCode).toBe(1);
  expect(stderr).toContain(
    `JournalError: cannot write the journal ${JSON.stringify(join(folder, 'journal.jsonl'))}: EFBIG`,
  );
  expect(stdout.split('\n').slice(1)).toEqual(await sound(folder));
  expect(await sound(folder)).toHaveLength(3);
  expect((await readFile(join(folder, 'journal.jsonl'))).at(-1)).toBe(0x0a);
  expect((await stat(join(folder, 'journal.jsonl'))).size).toBeLessThan(1000);
  expect((await readdir(folder)).sort()).toEqual(['journal.head', 'journal.jsonl']);
});
