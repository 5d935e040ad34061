import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { takeLock } from '../../src/journal/lock.ts';
import { onStop, stopEverything, temporaryFolder } from '../support/processes.ts';

const self = { pid: process.pid, probe: (pid: number) => process.kill(pid, 0) };

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await temporaryFolder('lock');
  path = join(folder, 'journal.lock');
});
afterAll(stopEverything);

/** A process that does nothing until the test ends. */
const bystander = async (): Promise<number> => {
  const child = execa('sleep', ['60'], { reject: false });
  onStop(async () => {
    child.kill();
    await child;
  });
  if (child.pid === undefined) throw new Error('sleep cannot be run');
  return child.pid;
};
/** The id of a process that has ended. */
const deadPid = async (): Promise<number> => {
  const child = execa('true');
  await child;
  return child.pid ?? 0;
};
const startOf = async (pid: number): Promise<string | undefined> =>
  (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')[19];
/** Puts a lock there as somebody else would have left it, `seconds` ago. */
const leave = async (content: object | string, seconds = 0, at = path): Promise<void> => {
  await writeFile(at, typeof content === 'string' ? content : JSON.stringify(content));
  const time = Date.now() / 1000 - seconds;
  await utimes(at, time, time);
};
const holder = (pid: number, more: object = {}) => ({
  ...{ token: 'somebody', pid, host: hostname(), started: null },
  ...more,
});
/** The lock is to be had, on a busy machine too; it is released at once. */
const expectFree = async (): Promise<void> => {
  const release = await takeLock(path, self, AbortSignal.timeout(2_000));
  await release();
  expect(await readdir(folder)).toEqual([]);
};
/** The lock is not to be had for a while. */
const expectHeld = async (): Promise<void> => {
  const taking = takeLock(path, self, AbortSignal.timeout(150));
  await expect(taking).rejects.toMatchObject({ code: 'journal', exitCode: 6 });
};

describe('a lock', () => {
  test('says whose it is, and is gone when it is released', async () => {
    const release = await takeLock(path, self);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      ...{ pid: process.pid, host: hostname(), token: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      started: await startOf(process.pid),
    });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['journal.lock']);
    await release();
    expect(await readdir(folder)).toEqual([]);
    await release();
  });

  test('is waited for', async () => {
    const release = await takeLock(path, self);
    const order: string[] = [];
    const second = takeLock(path, self).then((free) => {
      order.push('taken');
      return free;
    });
    await sleep(60);
    order.push('released');
    await release();
    await (await second)();
    expect(order).toEqual(['released', 'taken']);
  });

  test('is not released by who does not hold it any more', async () => {
    const release = await takeLock(path, self);
    await leave(holder(process.pid));
    await release();
    expect(await readFile(path, 'utf8')).toContain('somebody');
  });

  test('that is not to be had is an error that names who holds it', async () => {
    const pid = await bystander();
    await leave(holder(pid, { started: await startOf(pid) }), 3600);
    const taking = takeLock(path, self, AbortSignal.timeout(50));
    await expect(taking).rejects.toMatchObject({
      message: `cannot write the journal: process ${pid} on "${hostname()}" has held its lock "${path}" for 5 s`,
      ...{ code: 'journal', exitCode: 6, hint: expect.stringContaining('XDG_STATE_HOME') },
    });
    expect(await readdir(folder)).toEqual(['journal.lock']);
  });
});

describe('the lock of', () => {
  test('a process that ended is taken over, with what else it left', async () => {
    const pid = await deadPid();
    await leave(holder(pid));
    await leave(holder(pid), 0, `${path}.recover`);
    await leave(holder(pid), 0, `${path}.recover.recover`);
    const release = await takeLock(path, self);
    const draft = `.${process.pid}.`;
    await release();
    // As this process names its own, but of the one that ended; and one of a process of another machine.
    const machine = await draftMachine(draft);
    await leave('', 0, `${path}.${pid}.${machine}.12345678.tmp`);
    await leave('', 0, `${path}.recover.${pid}.${machine}.12345678.tmp`);
    await leave('', 0, `${path}.${pid}.00000000.12345678.tmp`);
    await leave('', 0, `${path}.${await bystander()}.${machine}.12345678.tmp`);
    await leave(holder(pid));
    await (await takeLock(path, self))();
    const left = await readdir(folder);
    expect(left).toHaveLength(2);
    expect(left.filter((name) => name.includes(`${pid}.${machine}`))).toEqual([]);
  });

  test('another process that got the same id is taken over', async () => {
    const pid = await bystander();
    await leave(holder(pid, { started: '1' }));
    await expectFree();
  });

  test('a process that was killed and that nobody waits for is taken over', async () => {
    // The shell's child becomes `sleep`, which never asks what became of it.
    const parent = execa('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 60'], {
      reject: false,
      buffer: false,
    });
    onStop(async () => {
      parent.kill();
      await parent;
    });
    const [line] = await new Promise<string[]>((resolve) =>
      parent.stdout.once('data', (data: Buffer) => resolve(String(data).split('\n'))),
    );
    const pid = Number(line);
    while (!(await readFile(`/proc/${pid}/stat`, 'utf8')).includes(') Z ')) await sleep(5);
    await leave(holder(pid, { started: await startOf(pid) }));
    await expectFree();
  });

  test('a process that may not be asked is respected', async () => {
    const pid = await bystander();
    await leave(holder(pid, { started: await startOf(pid) }), 3600);
    const forbidden = () => {
      throw Object.assign(new Error('forbidden'), { code: 'EPERM' });
    };
    const taking = takeLock(path, { ...self, probe: forbidden }, AbortSignal.timeout(50));
    await expect(taking).rejects.toThrow(`process ${pid}`);
  });

  test.each([
    ['another host', { host: 'elsewhere' }],
    ['another container of this host', { namespace: 'pid:[1]' }],
  ])('%s is respected for 30 seconds', async (_, more) => {
    const there = holder(await deadPid(), more);
    await leave(there, 20);
    await expectHeld();
    await leave(there, 40);
    await expectFree();
  });

  test('a process that is there, but may be another one, is respected for 30 seconds', async () => {
    const there = holder(await bystander());
    await leave(there, 20);
    await expectHeld();
    await leave(there, 40);
    await expectFree();
  });

  test.each(['', '{', 'null', '{"pid":1}', JSON.stringify({ token: 'x', pid: -1, host: hostname() })])(
    'nobody knows whom is respected for 2 seconds: %s',
    async (content) => {
      await leave(content);
      await expectHeld();
      await leave(content, 3);
      await expectFree();
    },
  );

  test('a folder in its place is an error, not an endless loop', async () => {
    await mkdir(path);
    await utimes(path, 1, 1);
    await expect(takeLock(path, self)).rejects.toMatchObject({ code: expect.stringMatching(/EISDIR$/) });
  });
});

test('many that find the same dead lock at once never hold it together', async () => {
  const pid = await deadPid();
  for (let round = 0; round < 30; round += 1) {
    await leave(holder(pid));
    if (round % 3 === 0) await leave(holder(pid), 0, `${path}.recover`);
    let holding = 0;
    const most: number[] = [];
    const work = async () => {
      const release = await takeLock(path, self);
      holding += 1;
      most.push(holding);
      await sleep(1);
      holding -= 1;
      await release();
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect(Math.max(...most)).toBe(1);
  }
  expect(await readdir(folder)).toEqual([]);
});

/** How this process names the machine in its drafts, which are seen only while it waits. */
async function draftMachine(own: string): Promise<string> {
  const release = await takeLock(path, self);
  const waiting = takeLock(path, self);
  for (;;) {
    const draft = (await readdir(folder)).find((name) => name.includes(own));
    await sleep(1);
    if (draft === undefined) continue;
    await release();
    await (await waiting)();
    return draft.split('.')[3] ?? '';
  }
}
