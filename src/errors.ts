/** The documented exit codes. Scripts branch on these numbers: never renumber, only add. */
export const EXIT = {
  done: 0,
  failure: 1,
  usage: 2,
  finding: 3,
  auth: 4,
  degraded: 5,
  refused: 6,
  nothing: 7,
  conflict: 8,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each exit code means, as the help and the README say it. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done (for `triage`: no configured signal was unknown)',
  failure: 'failure that fits nothing below',
  usage: 'usage or configuration',
  finding: '`triage --exit-code`: at least one finding',
  auth: 'authentication or permission refused by a system',
  degraded: 'degraded: at least one configured signal was unknown',
  refused: 'refused: by a guard, by the operator, or because nobody could be asked',
  nothing: 'nothing matched, nothing to do',
  conflict: 'conflict: the state changed between the preview and the write',
  interrupted: 'interrupted',
};

/**
 * The documented order when several apply. A failure stands behind what could not be read, which says as much and says
 * why, and before a finding: a script must not take a run that failed in part for one that saw everything.
 */
const PRECEDENCE: readonly ExitCode[] = [
  ...[EXIT.interrupted, EXIT.usage, EXIT.auth, EXIT.degraded, EXIT.failure, EXIT.finding],
];

/** What several runs together end with. A code without a place in the order is a failure. */
export function worstExit(codes: readonly ExitCode[]): ExitCode {
  const placed = codes.map((code) => (code === EXIT.done || PRECEDENCE.includes(code) ? code : EXIT.failure));
  return PRECEDENCE.find((code) => placed.includes(code)) ?? EXIT.done;
}

/**
 * An error that the operator is meant to read: one sentence that says what is wrong and where,
 * a stable `code` for scripts, the exit code, and what to do about it.
 */
export class RatelimitError extends Error {
  override readonly name: string = 'RatelimitError';
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly hint: string;

  constructor(
    code: string,
    message: string,
    options: { exitCode: ExitCode; hint?: string; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.exitCode = options.exitCode;
    this.hint = options.hint ?? '';
  }
}

/** Bad flags or arguments: exit 2. */
export class UsageError extends RatelimitError {
  override readonly name = 'UsageError';
  constructor(message: string, hint = '') {
    super('usage', message, { exitCode: EXIT.usage, hint });
  }
}

/** A configuration, runbook or evidence file that cannot be used: exit 2. `problems` are all of them at once. */
export class ConfigError extends RatelimitError {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(message: string, problems: readonly string[] = [], hint = '') {
    super(
      'config',
      problems.length > 0 ? `${message}\n${problems.map((p) => `  - ${p}`).join('\n')}` : message,
      {
        exitCode: EXIT.usage,
        hint,
      },
    );
    this.problems = problems;
  }
}

/** What nobody has thought of, as an error with a code, a sentence and exit 1. */
export const unexpected = (error: unknown): RatelimitError =>
  new RatelimitError('internal', `unexpected: ${error instanceof Error ? error.message : String(error)}`, {
    exitCode: EXIT.failure,
    hint: 'This is a defect of ratelimit itself. Run again with --verbose and report what it prints.',
    cause: error,
  });

/** Ctrl-C or SIGTERM: exit 130. */
export class InterruptedError extends RatelimitError {
  override readonly name = 'InterruptedError';
  constructor() {
    super('interrupted', 'interrupted', { exitCode: EXIT.interrupted });
  }
}
