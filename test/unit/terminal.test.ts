import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { openTerminal, type TerminalDevices } from '../../src/output/terminal.ts';

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J';
const LEAVE = '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l';

function open(columns = 10, rows = 3) {
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), { setRawMode: (on: boolean) => raw.push(on) });
  const output = Object.assign(new PassThrough({ encoding: 'utf8' }), { columns, rows });
  const host = Object.assign(new EventEmitter(), { suspend: () => void heard.push('suspended') });
  const interrupt = new AbortController();
  const heard: string[] = [];
  const devices = { input, output, host, signal: interrupt.signal } as unknown as TerminalDevices;
  const terminal = openTerminal(devices, {
    key: (key) => heard.push(key),
    redraw: () => heard.push('redraw'),
    gone: () => heard.push('gone'),
  });
  const wrote = () => String(output.read() ?? '');
  const type = async (keys: string) => {
    input.write(keys);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const draw = (lines: string[], all = false, bell = false) => terminal.draw(lines, { all, bell });
  return { terminal, input, output, host, interrupt, heard, raw, wrote, type, draw };
}

test('writes one frame at once, and of the next only what changed', () => {
  const { wrote, draw, terminal } = open();
  expect(wrote()).toBe(ENTER);
  draw(['one', 'two', '']);
  expect(wrote()).toBe(
    '\u001b[?2026h\u001b[1;1Hone\u001b[K\u001b[2;1Htwo\u001b[K\u001b[3;1H\u001b[K\u001b[?2026l',
  );
  draw(['one', 'TWO', '']);
  expect(wrote()).toBe('\u001b[?2026h\u001b[2;1HTWO\u001b[K\u001b[?2026l');
  draw(['one', 'TWO', '']);
  expect(wrote()).toBe('');
  draw(['one', 'TWO', ''], true, true);
  const whole = wrote();
  expect(whole).toContain('\u001b[1;1Hone\u001b[K\u001b[2;1HTWO');
  expect(whole.endsWith('\u0007\u001b[?2026l')).toBe(true);
  terminal.close();
});

test('does not clear the last character of a line that is as wide as the window', () => {
  const { wrote, draw } = open(5);
  wrote();
  draw(['\u001b[31m12345\u001b[39m', '宽宽', '']);
  expect(wrote()).toContain('\u001b[1;1H\u001b[31m12345\u001b[39m\u001b[2;1H宽宽\u001b[K');
});

test('gives everything back once, however it ends', () => {
  const ends: ((parts: ReturnType<typeof open>) => void)[] = [
    ({ terminal }) => terminal.close(),
    ({ interrupt }) => interrupt.abort(),
    ({ host }) => void host.emit('uncaughtExceptionMonitor'),
    ({ host }) => void host.emit('exit'),
  ];
  for (const end of ends) {
    const parts = open();
    parts.wrote();
    end(parts);
    parts.terminal.close();
    parts.draw(['late', '', '']);
    expect([parts.wrote(), parts.raw]).toEqual([LEAVE, [true, false]]);
    const left = [
      ...parts.host.eventNames(),
      ...parts.output.eventNames().filter((name) => name === 'resize'),
    ];
    expect(left).toEqual([]);
    expect(parts.input.listenerCount('data')).toBe(0);
    expect(parts.input.isPaused()).toBe(true);
  }
});

test('tells keys, and nothing of arrows', async () => {
  const { type, heard, terminal } = open();
  await type('r ');
  await type('\u001b[A');
  await type('\u0003');
  await type('\u000c');
  expect(heard).toEqual(['r', ' ', '\u0003', 'redraw']);
  terminal.close();
});

test('tells that the window is another, and that nobody is there any more', async () => {
  const { output, host, input, heard, terminal } = open();
  output.emit('resize');
  host.emit('SIGHUP');
  input.end();
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual(['redraw', 'gone', 'gone']);
  terminal.close();
});

test.each(['Ctrl-Z', 'SIGTSTP'])('%s gives the terminal back, stops, and takes it again', async (how) => {
  const { type, host, wrote, raw, heard, draw, terminal } = open();
  wrote();
  if (how === 'Ctrl-Z') await type('\u001a');
  else host.emit('SIGTSTP');
  expect([wrote(), heard, raw]).toEqual([LEAVE, ['suspended'], [true, false]]);
  expect(host.listenerCount('SIGTSTP')).toBe(0);
  draw(['not now', '', '']);
  expect(wrote()).toBe('');
  host.emit('SIGCONT');
  expect([wrote(), heard, raw]).toEqual([ENTER, ['suspended', 'redraw'], [true, false, true]]);
  expect(host.listenerCount('SIGTSTP')).toBe(1);
  terminal.close();
});

test('a program that no shell can stop goes on by itself', async () => {
  const { type, heard, terminal } = open();
  await type('\u001a');
  await expect.poll(() => heard).toEqual(['suspended', 'redraw']);
  terminal.close();
});

test('takes the terminal anew after it was stopped without a word', () => {
  const { host, wrote, raw, terminal } = open();
  wrote();
  host.emit('SIGCONT');
  expect([wrote(), raw]).toEqual([ENTER, [true, false, true]]);
  terminal.close();
});
