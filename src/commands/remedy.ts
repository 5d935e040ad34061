import { reachWords } from '../config/reach.ts';
import type { System } from '../config/types.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { paintFor } from '../output/paint-for.ts';
import { progressLine } from '../output/progress.ts';
import { outcomeText, previewText } from '../output/remedy-human.ts';
import { remedyJson } from '../output/remedy-json.ts';
import { remedyMarkdown } from '../output/remedy-markdown.ts';
import type { GlobalFlags } from '../program.ts';
import { apply } from '../remedies/apply.ts';
import type { Order } from '../remedies/door.ts';
import type { Outcome, Remedy } from '../remedies/types.ts';
import { Writer } from '../remedies/writer.ts';
import { redactUrl } from '../values/text.ts';
import { type Parts, systemsOf } from './parts.ts';
import { streamsFor } from './streams.ts';
import { checkWords } from './words.ts';

/** Flags of every command that changes a system. */
export interface WriteFlags extends GlobalFlags {
  readonly reason?: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly operator?: string;
  /** Seconds. */
  readonly verify: number;
}

/** Takes a remedy through the one door and says what became of it in the format that was asked for. */
export async function runRemedy(
  flags: WriteFlags,
  context: Context,
  parts: Parts,
  remedy: Remedy,
  { systems, stdinUsed = false }: { readonly systems: readonly System[]; readonly stdinUsed?: boolean },
): Promise<ExitCode> {
  checkWords('--reason', flags.reason, 'a reason is needed');
  checkWords('--operator', flags.operator, 'a name is needed');
  const { config, runbook, keyspace, api } = parts;
  const { clock } = context;
  const streams = streamsFor(flags, context);
  const progress = progressLine(streams, flags.quiet);
  const [paintErr, paintOut] = await Promise.all([paintFor(streams.colorErr), paintFor(streams.colorOut)]);
  const isAskable = flags.input && streams.canAsk && !stdinUsed;
  const [{ ulid }, journal, ask] = await Promise.all([
    import('ulid'),
    context.journal(),
    isAskable ? context.prompter(paintErr) : null,
  ]);
  const aimed = systemsOf(config);
  const order: Order = {
    reason: flags.reason?.trim() ?? null,
    operator: flags.operator ?? context.user(),
    yes: flags.yes,
    dryRun: flags.dryRun,
    verifySeconds: flags.verify,
    command: ['ratelimit', ...context.argv.map(withoutSecrets)],
    contextNamed: flags.context !== undefined,
  };
  const outcome = await apply(remedy, order, {
    ...{ keyspace, journal, ask, clock, interrupt: context.interrupt, runbook: runbook.name },
    ...{ context: config.context, production: config.production, stream: config.journalStream },
    writer: new Writer(keyspace, api, flags.dryRun),
    newId: () => ulid(clock.now()),
    show: (plan) => {
      const about = {
        ...{ remedy: remedy.name, systems: aimed, context: config.context, production: config.production },
      };
      const isSeen = flags.output === 'human' || !flags.yes;
      if (isSeen) streams.err(previewText(plan, about, paintErr, streams.columns, clock));
    },
    progress: progress.show,
    systems: aimed,
    reach: reachWords(config, systems),
  }).finally(progress.clear);
  if (flags.output === 'json') streams.out(remedyJson(outcome));
  else if (flags.output === 'markdown') streams.out(remedyMarkdown(outcome, clock));
  else {
    const { out, err } = outcomeText(outcome, paintOut, streams.columns, clock);
    streams.out(out);
    streams.err(err);
  }
  return exitCodeOf(outcome);
}

/** A password in a URL on the command line is not repeated. */
const withoutSecrets = (word: string): string => (/:\/\/.*@/.test(word) ? redactUrl(word) : word);

/** What the process ends with. */
function exitCodeOf({ status, verified, because }: Outcome): ExitCode {
  if (because === 'interrupted') return EXIT.interrupted;
  switch (status) {
    case 'refused':
      return EXIT.refused;
    case 'conflict':
      return EXIT.conflict;
    case 'unchanged':
      return because === 'nothing' ? EXIT.nothing : EXIT.done;
    case 'failed':
      return because === 'auth' ? EXIT.auth : EXIT.failure;
    case 'dry-run':
      return EXIT.done;
    case 'applied':
      return verified === 'not-enforced' || because === 'journal' ? EXIT.failure : EXIT.done;
    default:
      return EXIT.failure;
  }
}
