import type { Command } from 'commander';

/** What a command does to the systems that it talks to. */
export interface Effect {
  /**
   * `read-only`: it changes nothing but files that it was told to write, and its own state folder where it `keeps` looks.
   * `records`: it adds to the journal, and to the team's stream where a context names one; nothing else.
   * `destructive`: it changes a system.
   */
  readonly kind: 'read-only' | 'records' | 'destructive';
  /** It keeps what it found for a report, on this machine. */
  readonly keeps?: boolean;
  /** Running it twice leaves every system the same as running it once. */
  readonly idempotent: boolean;
}

const effects = new WeakMap<Command, Effect>();

export const READS: Effect = { kind: 'read-only', idempotent: true };
/** Reads systems, and keeps what it found for `ratelimit report`. */
export const LOOKS: Effect = { ...READS, keeps: true };

/** Every command says what it does; the help repeats it. */
export function declare(command: Command, effect: Effect): Command {
  effects.set(command, effect);
  return command.addHelpText('after', `\n${wordsOf(effect)}`);
}

function wordsOf({ kind, keeps, idempotent }: Effect): string {
  switch (kind) {
    case 'read-only':
      return `Changes no system.${keeps ? '\nKeeps a verdict other than quiet on this machine, for ratelimit report.' : ''}`;
    case 'records':
      return "Changes no system: it adds to the journal, and to the team's where the context\nnames one.";
    case 'destructive':
      return `Changes a system, after asking${idempotent ? '; doing it twice is the same as doing it once' : ''}.`;
  }
}

/** null: the command holds others, or it was never declared. */
export const effectOf = (command: Command): Effect | null => effects.get(command) ?? null;
