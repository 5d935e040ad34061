import { createInterface, type Interface } from 'node:readline';
import { InterruptedError } from '../errors.ts';

/** Command lines as somebody types them, or as they come from a file. */
export interface CommandLines {
  /** The next one; null: there are no more. @throws InterruptedError on Ctrl-C or a signal */
  next(): Promise<string | null>;
  close(): void;
}

interface Options {
  readonly input: NodeJS.ReadableStream;
  /** Where the prompt and what is typed are shown. */
  readonly output: NodeJS.WritableStream;
  /** null: nobody is there who would see it. */
  readonly prompt: string | null;
  /** Ends the waiting when it is aborted. */
  readonly signal: AbortSignal;
}

export const makeCommandLines = (options: Options): CommandLines =>
  options.prompt === null ? pipedLines(options) : typedLines(options, options.prompt);

/** Lines as they come in, and not before they are asked for: what is done with one may take its time. */
function pipedLines({ input, signal }: Options): CommandLines {
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const iterator = lines[Symbol.asyncIterator]();
  return {
    next: async () => {
      const line = await orAborted(iterator.next(), signal);
      return line.done === true ? null : line.value;
    },
    close: () => lines.close(),
  };
}

/** Lines from a terminal, with editing and a history. Between them the terminal belongs to whoever asks something. */
function typedLines({ input, output, signal }: Options, prompt: string): CommandLines {
  let history: string[] = [];
  /** Pasted lines beyond the first. */
  const waiting: string[] = [];
  let open: Interface | null = null;
  const read = () =>
    new Promise<string | null>((resolve, reject) => {
      const lines = createInterface({ input, output, terminal: true, prompt, history, historySize: 200 });
      open = lines;
      let isLeaving = false;
      lines.on('history', (all: string[]) => {
        history = [...all];
      });
      lines.on('SIGINT', () => {
        isLeaving = true;
        lines.close();
      });
      lines.on('line', (line) => {
        waiting.push(line);
        // What was pasted with it arrives within this turn.
        setImmediate(() => lines.close());
      });
      lines.on('close', () => {
        open = null;
        if (isLeaving) {
          output.write('\n');
          return reject(new InterruptedError());
        }
        // Ctrl-D leaves the cursor behind the prompt.
        if (waiting.length === 0) output.write('\n');
        resolve(waiting.shift() ?? null);
      });
      lines.prompt();
    });
  return {
    next: async () => {
      const line = waiting.shift();
      if (line === undefined) return orAborted(read(), signal);
      output.write(`${prompt}${line}\n`);
      return line;
    },
    close: () => open?.close(),
  };
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(new InterruptedError());
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
