import type { Refusal } from './types.ts';

export const NOBODY: Refusal = {
  guard: 'confirmation',
  message: 'nobody can be asked (no terminal, or --no-input) and --yes was not given; nothing was changed',
  override: '--yes',
};
export const NO_REASON: Refusal = {
  guard: 'reason',
  message:
    'no reason was given and nobody can be asked for one: give it with --reason <text>; nothing was changed',
  override: '--reason',
};
export const declined = (what: string): Refusal => ({
  guard: 'confirmation',
  message: `${what}; nothing was changed`,
  override: null,
});
export const notNamed = (context: string): Refusal => ({
  guard: 'production',
  message: `context ${context} is a production one: with --yes it must be named on the command line, --context ${context}; nothing was changed`,
  override: `--context ${context}`,
});

/** What cannot be recorded is not done. */
export const notRecorded = ({
  message,
  hint,
}: {
  readonly message: string;
  readonly hint: string;
}): Refusal => ({
  guard: 'journal',
  message: `${message}; nothing was changed. ${hint}`,
  override: null,
});
