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

/** Ctrl-C or SIGTERM: exit 130. */
export class InterruptedError extends RatelimitError {
  override readonly name = 'InterruptedError';
  constructor() {
    super('interrupted', 'interrupted', { exitCode: EXIT.interrupted });
  }
}
