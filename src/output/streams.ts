/** A stream to write to: process.stdout, process.stderr, or a stand-in. */
export type OutputStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

export interface StreamsOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdin: { readonly isTTY?: boolean | undefined };
  readonly color: 'auto' | 'always' | 'never';
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Streams {
  /** Writes to stdout: the answer. Dropped once the reader has gone. */
  out(text: string): void;
  /** Writes to stderr: progress, prompts, warnings. Dropped once the reader has gone. */
  err(text: string): void;
  /** Width of stdout in columns, now: 40 to 200, and 80 when it is not a terminal. */
  readonly columns: number;
  readonly colorOut: boolean;
  readonly colorErr: boolean;
  /** True when stdin, stdout and stderr are all terminals. */
  readonly terminal: boolean;
  readonly stderrTerminal: boolean;
  /** True when stdin and stderr are terminals: a question can be asked, wherever the answer of the run goes. */
  readonly canAsk: boolean;
  /** True once stdout takes no more text, as in `| head -1`. */
  readonly closed: boolean;
  /** Resolves when all text has left; rejects when stdout failed other than by a reader that has gone (a full disk). */
  flush(): Promise<void>;
}

/** The program's streams. Colour follows `color`, then NO_COLOR (no-color.org), FORCE_COLOR, TERM=dumb, the terminal. */
export function makeStreams(options: StreamsOptions): Streams {
  const { stdout, stderr, stdin } = options;
  const out = makeSink(stdout);
  const err = makeSink(stderr);
  return {
    out: out.write,
    err: err.write,
    get columns() {
      return Math.min(200, Math.max(40, stdout.columns || 80));
    },
    colorOut: wantsColor(options, stdout),
    colorErr: wantsColor(options, stderr),
    terminal: Boolean(stdin.isTTY && stdout.isTTY && stderr.isTTY),
    stderrTerminal: Boolean(stderr.isTTY),
    canAsk: Boolean(stdin.isTTY && stderr.isTTY),
    get closed() {
      return out.closed;
    },
    async flush() {
      await Promise.all([out.drained(), err.drained()]);
      if (out.failure !== null) throw out.failure;
    },
  };
}

function wantsColor({ color, env }: StreamsOptions, stream: OutputStream): boolean {
  if (color !== 'auto') return color === 'always';
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true;
  if (env.TERM === 'dumb') return false;
  return Boolean(stream.isTTY);
}

interface Sink {
  write(text: string): void;
  readonly closed: boolean;
  readonly failure: Error | null;
  drained(): Promise<void>;
}

/** Errors that only say that nobody reads any more. */
const GONE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

function makeSink(stream: OutputStream): Sink {
  let closed = false;
  let failure: Error | null = null;
  const fail = (error: NodeJS.ErrnoException) => {
    closed = true;
    if (!GONE.has(error.code ?? '')) failure ??= error;
  };
  // Without a listener the error of a closed pipe would end the process with a stack trace.
  stream.on('error', fail);
  return {
    write(text) {
      if (!closed) stream.write(text);
    },
    get closed() {
      return closed;
    },
    get failure() {
      return failure;
    },
    drained() {
      if (closed) return Promise.resolve();
      return new Promise((resolve) => {
        stream.write('', (error) => {
          if (error) fail(error);
          resolve();
        });
      });
    },
  };
}
