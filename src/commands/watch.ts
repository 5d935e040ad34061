import { resolveConfig } from '../config/resolve.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode, RatelimitError, UsageError } from '../errors.ts';
import { errorData } from '../output/error.ts';
import { escapeText } from '../output/escape.ts';
import { toJsonLine } from '../output/json.ts';
import { SENTENCE } from '../output/lines.ts';
import type { Streams } from '../output/streams.ts';
import type { GlobalFlags } from '../program.ts';
import type { PaceName } from '../signals/redis/pace.ts';
import { streamsFor } from './streams.ts';
import { targetOf } from './triage-run.ts';
import { Control } from './watch-control.ts';
import { Looker } from './watch-look.ts';
import { plainView } from './watch-plain.ts';
import { screenView } from './watch-screen.ts';
import type { View, ViewParts } from './watch-views.ts';

export interface WatchFlags extends GlobalFlags {
  /** Seconds from look to look. */
  readonly interval: number;
  /** Looks, after which it ends; without it, it goes on. */
  readonly count?: number;
  /** False with --no-bell. */
  readonly bell: boolean;
  /** Folder for the evidence of each verdict. */
  readonly save?: string;
  /** Seconds. */
  readonly window: number;
  readonly top: number;
  /** Seconds that each pass over Redis may take; without it, as long as everything may. */
  readonly budget?: number;
  readonly pace: PaceName;
}

/** `ratelimit watch`: looks again and again, and shows what became of it. */
export async function watchCommand(flags: WatchFlags, context: Context): Promise<ExitCode> {
  if (flags.output === 'markdown') {
    throw new UsageError(
      'watch has no markdown: expected --output human or json',
      'One verdict for the incident channel: ratelimit triage -o markdown.',
    );
  }
  const streams = streamsFor(flags, context);
  const [config] = await Promise.all([
    resolveConfig({ flags, env: context.env, configHome: context.configHome }),
    context.adapters(),
  ]);
  const target = await targetOf(config, context);
  const control = new Control(context.clock, context.interrupt);
  try {
    const looker = await Looker.open(target, flags, context, control.ended);
    try {
      const view = await viewFor({ flags, context, streams, control, config });
      return await watch({ looker, control, view, streams, count: flags.count ?? null }).finally(view.close);
    } finally {
      const unsaved = await looker.close();
      if (unsaved !== null) streams.err(`! ${escapeText(unsaved, SENTENCE)}\n`);
    }
  } catch (error) {
    if (flags.output !== 'json' || !(error instanceof RatelimitError)) throw error;
    // It follows documents of a line each, so it is one, too.
    streams.out(toJsonLine(errorData(error)));
    return error.exitCode;
  } finally {
    control.close();
  }
}

/** A screen for somebody at a terminal. What ends by itself would take it along before anybody has read it. */
function viewFor(parts: ViewParts): Promise<View> {
  const { flags, streams, context } = parts;
  const isTerminal = flags.input && streams.terminal && context.env.TERM !== 'dumb';
  const isScreen = isTerminal && flags.output === 'human' && flags.count === undefined;
  return isScreen ? screenView(parts) : plainView(parts);
}

interface Watch {
  readonly looker: Looker;
  readonly control: Control;
  readonly view: View;
  readonly streams: Pick<Streams, 'closed'>;
  /** null: until the operator has seen enough. */
  readonly count: number | null;
}

/** Looks, shows, rests. @throws what it was interrupted with */
async function watch({ looker, control, view, streams, count }: Watch): Promise<ExitCode> {
  for (let looks = 1; ; looks += 1) {
    const seen = await control.look((signal) => {
      view.begin();
      return looker.look(signal);
    });
    if (seen === null) return EXIT.done;
    await view.show(seen);
    await looker.keep();
    if (looks === count || streams.closed || !(await control.rest(seen.rhythm))) return EXIT.done;
  }
}
