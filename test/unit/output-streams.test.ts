import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { OutputStream, StreamsOptions } from '../../src/output/streams.ts';
import { makeStreams } from '../../src/output/streams.ts';

interface Fake extends Writable {
  isTTY?: boolean;
  columns?: number;
  text: string;
}

/** Takes `writes` texts, then fails each one with `code`. */
function fake(
  properties: { isTTY?: boolean; columns?: number } = {},
  writes = Number.POSITIVE_INFINITY,
  code = 'EPIPE',
) {
  let left = writes;
  const stream = new Writable({
    decodeStrings: false,
    autoDestroy: false,
    write(chunk: string, _encoding, done) {
      left--;
      if (left < 0) return done(Object.assign(new Error(code), { code }));
      stream.text += chunk;
      done();
    },
  }) as Fake;
  return Object.assign(stream, { text: '' }, properties);
}

function streams(options: Partial<StreamsOptions>) {
  return makeStreams({ stdout: fake(), stderr: fake(), stdin: {}, color: 'auto', env: {}, ...options });
}

test('the answer goes to stdout and talk to stderr', async () => {
  const [stdout, stderr] = [fake(), fake()];
  const io = streams({ stdout, stderr });
  io.out('answer\n');
  io.err('talk\n');
  await io.flush();
  expect([stdout.text, stderr.text, io.closed]).toEqual(['answer\n', 'talk\n', false]);
});

describe('a reader that has gone', () => {
  test('is quiet: later writes are dropped', async () => {
    const [stdout, stderr] = [fake({}, 1), fake()];
    const io = streams({ stdout, stderr });
    io.out('one\n');
    io.out('two\n');
    await io.flush();
    expect(io.closed).toBe(true);
    io.out('three\n');
    io.err('still heard\n');
    await io.flush();
    expect([stdout.text, stderr.text]).toEqual(['one\n', 'still heard\n']);
  });

  test('of stderr does not cost the answer', async () => {
    const stdout = fake();
    const io = streams({ stdout, stderr: fake({}, 0) });
    io.err('talk\n');
    await io.flush();
    io.out('answer\n');
    await io.flush();
    expect([stdout.text, io.closed]).toEqual(['answer\n', false]);
  });

  test('is quiet with a real pipe', async () => {
    const child = spawn('true', { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'exit');
    const io = streams({ stdout: child.stdin as OutputStream });
    for (let i = 0; i < 3; i++) {
      io.out('x'.repeat(100_000));
      await io.flush();
    }
    expect(io.closed).toBe(true);
  });

  test('is not the same as a full disk, which flush reports', async () => {
    const io = streams({ stdout: fake({}, 0, 'ENOSPC') });
    io.out('answer\n');
    await expect(io.flush()).rejects.toThrow('ENOSPC');
  });
});

describe('colour', () => {
  const terminal = () => fake({ isTTY: true });
  test.each<
    [color: StreamsOptions['color'], env: StreamsOptions['env'], onTerminal: boolean, onPipe: boolean]
  >([
    ['auto', {}, true, false],
    ['always', { NO_COLOR: '1', TERM: 'dumb' }, true, true],
    ['never', { FORCE_COLOR: '1' }, false, false],
    ['auto', { NO_COLOR: '1', FORCE_COLOR: '1' }, false, false],
    ['auto', { NO_COLOR: '' }, true, false],
    ['auto', { FORCE_COLOR: '1', TERM: 'dumb' }, true, true],
    ['auto', { FORCE_COLOR: '0' }, true, false],
    ['auto', { FORCE_COLOR: '' }, true, false],
    ['auto', { TERM: 'dumb' }, false, false],
  ])('%s with %j', (color, env, onTerminal, onPipe) => {
    const io = streams({ stdout: terminal(), stderr: fake(), color, env });
    expect([io.colorOut, io.colorErr]).toEqual([onTerminal, onPipe]);
    const other = streams({ stdout: fake(), stderr: terminal(), color, env });
    expect([other.colorOut, other.colorErr]).toEqual([onPipe, onTerminal]);
  });
});

test('columns are those of stdout now, within 40 and 200', () => {
  const stdout = fake({ isTTY: true, columns: 132 });
  const io = streams({ stdout });
  expect(io.columns).toBe(132);
  stdout.columns = 20;
  expect(io.columns).toBe(40);
  stdout.columns = 999;
  expect(io.columns).toBe(200);
  stdout.columns = 0;
  expect(io.columns).toBe(80);
  expect(streams({}).columns).toBe(80);
});

test('somebody can be asked only when all three are terminals', () => {
  const [stdout, stderr, stdin] = [fake({ isTTY: true }), fake({ isTTY: true }), { isTTY: true }];
  expect(streams({ stdout, stderr, stdin }).terminal).toBe(true);
  expect(streams({ stdout, stderr }).terminal).toBe(false);
  expect(streams({ stdout, stdin }).terminal).toBe(false);
  expect(streams({ stderr, stdin }).terminal).toBe(false);
  expect(streams({ stderr, stdin }).stderrTerminal).toBe(true);
  expect(streams({ stdout, stdin }).stderrTerminal).toBe(false);
});
