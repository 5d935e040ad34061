import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Given } from '../commands/moment.ts';
import { parseDuration } from '../values/duration.ts';

/** An option that takes a duration; its value is in seconds, whole ones where less makes no sense. @param least seconds; 0 also accepts a bare `0` */
export function durationOption(
  flags: string,
  description: string,
  { least = 1, fallback }: { least?: number; fallback?: string } = {},
): Option {
  const option = new Option(flags, description).argParser((text: string) => {
    const seconds = parseDuration(text);
    if (seconds === null || (seconds < least && seconds !== 0) || (seconds === 0 && least > 0)) {
      const from = least > 0 ? `of at least ${least}s` : 'or 0';
      throw new InvalidArgumentError(`Expected a duration ${from}, such as 90s, 5m or 1h30m.`);
    }
    return least >= 1 ? Math.round(seconds) : seconds;
  });
  return fallback === undefined ? option : option.default(parseDuration(fallback), fallback);
}

const ISO = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z)?$/;

/** An option that takes a moment: a duration before now, or a time in UTC. */
export const momentOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string): Given => {
    const seconds = parseDuration(text);
    if (seconds !== null) return { secondsAgo: seconds };
    if (ISO.test(text)) return { iso: text };
    throw new InvalidArgumentError(
      'Expected a duration before now, such as 90m or 24h, or a time in UTC, such as 2026-05-29T03:00Z.',
    );
  });

/** @param most the largest that is accepted */
export function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    if (!/^\d{1,6}$/.test(text) || Number(text) < 1 || Number(text) > most) {
      throw new InvalidArgumentError(`Expected a whole number from 1 to ${most}.`);
    }
    return Number(text);
  };
}

/** The flags that every command has which changes a system. */
export function withWriteFlags(command: Command): Command {
  return command
    .option('--reason <text>', 'why; recorded with the change, asked for on a terminal')
    .option('--yes', 'do it without asking', false)
    .option('--dry-run', 'show what would be written, write nothing', false)
    .option('--operator <name>', 'who does it (default: the user of this machine)')
    .addOption(
      durationOption('--verify <duration>', 'watch for the effect that long, 0 to skip', {
        least: 0,
        fallback: '5s',
      }),
    );
}

/** The flags that every command has which reads all signals. */
export function withReadFlags(command: Command): Command {
  return command
    .addOption(durationOption('--window <duration>', 'look back this long in Prometheus', { fallback: '5m' }))
    .option('--top <n>', 'rows per table', wholeNumber(9_999), 10)
    .addOption(
      durationOption('--budget <duration>', 'how long the pass over Redis may take (default: --timeout)', {
        least: 0.01,
      }),
    )
    .addOption(
      new Option('--pace <pace>', 'how hard it may press on Redis')
        .choices(['gentle', 'normal', 'fast'])
        .default('gentle'),
    );
}

/** Answers to the runbook's questions, where nobody can be asked. */
export const answerOption = (): Option =>
  new Option('--answer <question>=<answer>', "answer one of the runbook's questions; may be repeated")
    .argParser((text: string, before: readonly string[]) => [...before, text])
    .default([], 'none');
