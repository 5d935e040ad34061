import { measure } from './measure.ts';
import type { OutputStream } from './streams.ts';
import type { Size } from './watch-view.ts';

/** What the whole terminal is taken from and given back to. */
export interface TerminalDevices {
  readonly input: NodeJS.ReadableStream & { setRawMode?(raw: boolean): unknown };
  readonly output: OutputStream & { readonly rows?: number | undefined };
  readonly host: Host;
  /** Aborted when the program is to end: the terminal is given back at once. */
  readonly signal: AbortSignal;
}

/** The process, as far as a full screen must know of it. */
export interface Host {
  on(event: HostEvent, listener: () => void): unknown;
  off(event: HostEvent, listener: () => void): unknown;
  /** Stops the program and what was started with it, as Ctrl-Z does, until somebody lets it go on. */
  suspend(): void;
}

/** `uncaughtExceptionMonitor` comes before the process dies of it. */
type HostEvent = 'SIGHUP' | 'SIGTSTP' | 'SIGCONT' | 'uncaughtExceptionMonitor' | 'exit';

export interface TerminalWatcher {
  /** A key, as it came: `q`, a space, `\x03` for Ctrl-C. */
  key(key: string): void;
  /** The size is another one, or others may have written over the screen: draw all of it. */
  redraw(): void;
  /** Nobody is there any more. */
  gone(): void;
}

/** A screen of its own that is drawn over and over. */
export interface Terminal {
  readonly size: Size;
  /**
   * Shows these lines, from the top; what has not changed is not written again.
   * @param how `all`: every line is written, in case something else has written over them
   */
  draw(lines: readonly string[], how: { readonly all: boolean; readonly bell: boolean }): void;
  /** Gives the terminal back as it was. */
  close(): void;
}

const CSI = '\u001b[';
// The alternate screen, empty; no cursor; and no line that is too long after all ever scrolls it.
const ENTER = `${CSI}?1049h${CSI}?25l${CSI}?7l${CSI}2J`;
const LEAVE = `${CSI}0m${CSI}?7h${CSI}?25h${CSI}?1049l`;
/** Synchronized output: terminals that know it show a frame at once; the others take no notice. */
const [BEGIN, END] = [`${CSI}?2026h`, `${CSI}?2026l`];
const BELL = '\u0007';
const CTRL_L = '\u000c';
const CTRL_Z = '\u001a';
const ESCAPE = '\u001b';
const SGR = new RegExp(String.raw`${ESCAPE}\[[\d;]*m`, 'g');

/** When nothing has stopped the program for so long, nothing will: it is not a job of any shell. */
const NOT_STOPPED_MS = 100;

/** Takes the terminal, until `close`, the signal, or the end of the process. */
export function openTerminal(
  { input, output, host, signal }: TerminalDevices,
  watcher: TerminalWatcher,
): Terminal {
  let isOurs = false;
  let last: readonly string[] = [];

  const enter = () => {
    if (isOurs) return;
    isOurs = true;
    // First of all: of a program in the background this stops it, before anything is written.
    input.setRawMode?.(true);
    output.write(ENTER);
    input.resume();
    last = [];
  };
  const leave = () => {
    if (!isOurs) return;
    isOurs = false;
    output.write(LEAVE);
    input.setRawMode?.(false);
    input.pause();
  };
  const suspend = () => {
    leave();
    // Our own listener would keep the signal from stopping us.
    host.off('SIGTSTP', suspend);
    host.suspend();
    timer = setTimeout(resume, NOT_STOPPED_MS);
  };
  const resume = () => {
    clearTimeout(timer);
    if (isClosed) return;
    host.off('SIGTSTP', suspend);
    host.on('SIGTSTP', suspend);
    // Whoever had the terminal meanwhile may have left it in another state.
    if (isOurs) input.setRawMode?.(false);
    isOurs = false;
    enter();
    watcher.redraw();
  };
  const whenKeys = (chunk: Buffer | string) => {
    const keys = chunk.toString();
    // Arrows and the like begin so; none of them means anything here.
    if (keys.startsWith(ESCAPE)) return;
    for (const key of keys) {
      if (!isOurs) return;
      if (key === CTRL_Z) suspend();
      else if (key === CTRL_L) watcher.redraw();
      else watcher.key(key);
    }
  };
  const whenGone = () => watcher.gone();
  const whenResized = () => watcher.redraw();
  const close = () => {
    isClosed = true;
    clearTimeout(timer);
    leave();
    for (const [event, listener] of ofHost) host.off(event, listener);
    signal.removeEventListener('abort', close);
    input.off('data', whenKeys).off('end', whenGone).off('error', whenGone);
    output.off('resize', whenResized);
  };
  const ofHost: readonly (readonly [HostEvent, () => void])[] = [
    ['SIGHUP', whenGone],
    ['SIGTSTP', suspend],
    ['SIGCONT', resume],
    ['uncaughtExceptionMonitor', close],
    ['exit', close],
  ];
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  for (const [event, listener] of ofHost) host.on(event, listener);
  signal.addEventListener('abort', close);
  input.on('data', whenKeys).on('end', whenGone).on('error', whenGone);
  output.on('resize', whenResized);
  enter();

  const sizeNow = (): Size => ({ columns: output.columns || 80, rows: output.rows || 24 });
  return {
    get size() {
      return sizeNow();
    },
    draw(lines, { all, bell }) {
      if (!isOurs) return;
      const { columns } = sizeNow();
      const changed = lines.flatMap((line, row) =>
        all || line !== last[row] ? [`${CSI}${row + 1};1H${line}${endOf(line, columns)}`] : [],
      );
      last = lines;
      if (changed.length > 0 || bell) output.write(`${BEGIN}${changed.join('')}${bell ? BELL : ''}${END}`);
    },
    close,
  };
}

/** Clears the rest of a line. Where there is none the cursor still stands on the last character, which would go. */
const endOf = (line: string, columns: number): string =>
  measure(line.replace(SGR, '')) < columns ? `${CSI}K` : '';
