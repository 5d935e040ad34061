import type { Context } from '../context.ts';
import { ignoredOf } from '../drill/ignored.ts';
import { builtIn, findIncident, locateRunbook, type Named } from '../drill/library.ts';
import { openDrill } from '../drill/open.ts';
import { reportOf } from '../drill/report.ts';
import { demonstrate, type Run, Session } from '../drill/session.ts';
import { lookAtBeginning } from '../drill/truth.ts';
import { ConfigError, EXIT, type ExitCode, UsageError } from '../errors.ts';
import { settingProblems, withSettingsOf } from '../incidents/settings.ts';
import { unreadMetrics } from '../incidents/unread.ts';
import { unknownNames } from '../labels/schema.ts';
import { briefing, drillHelp, drillsText, echoed, instructions, PROMPT } from '../output/drill-briefing.ts';
import { drillReport } from '../output/drill-report.ts';
import type { Screen } from '../output/lines.ts';
import { paintFor } from '../output/paint-for.ts';
import { quoteCommand } from '../output/quote.ts';
import type { Streams } from '../output/streams.ts';
import type { GlobalFlags } from '../program.ts';
import { loadRunbook } from '../runbooks/load.ts';
import { splitCommand } from '../values/command-line.ts';
import { streamsFor } from './streams.ts';

export interface DrillFlags extends GlobalFlags {
  readonly list: boolean;
  /** Nobody is asked for command lines. */
  readonly auto: boolean;
}

/** What the drill needs of the program that it is a command of. */
export interface Program {
  readonly run: Run;
  /** The commands that can be typed. */
  readonly commands: () => readonly { readonly name: string; readonly description: string }[];
}

/** `ratelimit drill [incident]`: plays an incident, runs what is typed against it, and tells how it went. */
export async function drillCommand(
  name: string | null,
  flags: DrillFlags,
  outside: Context,
  program: Program,
): Promise<ExitCode> {
  const streams = streamsFor(flags, outside);
  const [paintErr, paintOut] = await Promise.all([paintFor(streams.colorErr), paintFor(streams.colorOut)]);
  if (flags.list) {
    streams.out(drillsText(await builtIn(outside.incidents), flags.output, paintOut, streams.columns));
    return EXIT.done;
  }
  const isTerminal = streams.canAsk && flags.input && !flags.auto;
  const named =
    name === null ? await choose(isTerminal, outside, streams) : await findIncident(name, outside.incidents);
  const { incident } = named;
  const runbookName = locateRunbook(flags.runbook ?? incident.runbook);
  const own = await loadRunbook(runbookName, outside.runbooks);
  const problems = [
    ...unknownNames(incident.expect, own).map(({ path, message }) => `expect.${path.join('.')}: ${message}`),
    ...settingProblems(own, incident),
  ];
  if (problems.length > 0) throw new ConfigError(`${named.name} does not fit its runbook:`, problems);
  const runbook = withSettingsOf(incident, own);

  const screen: Screen = { paint: paintErr, width: streams.columns };
  const ignored = await ignoredOf(flags, outside);
  const say = (text: string) => {
    if (!flags.quiet) streams.err(text);
  };
  const drill = await openDrill({ incident, runbook, runbookName, timeout: flags.timeout }, outside);
  try {
    const context = inDrill(drill.context, flags);
    const startedMs = context.clock.now();
    const beginning = await lookAtBeginning(incident, runbook, context);
    const session = new Session(context, program.run);
    const page = incident.page ?? runbook.alerts[0];
    say(briefing(page, { ignored, notes: unreadMetrics(incident, runbook) }, screen));
    if (flags.auto) {
      const isDone = await demonstrate(session, (words) => say(echoed(quoteCommand(words), screen)));
      if (!isDone) say('\nThe runbook proposes no command here: its steps are for people.\n');
    } else {
      if (isTerminal) say(instructions(screen.width));
      await converse(session, program, { isTerminal, say, screen, context });
    }
    const parts = { named, runbook: runbook.name, startedMs, beginning, session, ignored };
    const report = await reportOf(parts, context);
    if (flags.output === 'human') streams.out('\n');
    streams.out(drillReport(report, flags.output, paintOut, streams.columns));
    return EXIT.done;
  } finally {
    await drill.close();
  }
}

/** Asks which one. @throws UsageError when nobody can be asked */
async function choose(isTerminal: boolean, context: Context, streams: Streams): Promise<Named> {
  const all = await builtIn(context.incidents);
  if (!isTerminal) {
    const names = all.map(({ name }) => name).join(', ');
    throw new UsageError(
      `which incident? Incidents: ${names}`,
      'Such as: ratelimit drill one-ip. One of your own is given by its path.',
    );
  }
  const prompter = await context.prompter(await paintFor(streams.colorErr));
  const surprise = all[Math.floor(Math.random() * all.length)] ?? null;
  const chosen = await prompter.choose('Which incident?', [
    { name: 'any of them: you are not told which', value: surprise },
    ...all.map((one) => ({ name: `${one.name}: ${one.incident.title}`, value: one })),
  ]);
  if (chosen === null) throw new Error('there are no incidents');
  return chosen;
}

/** The drill's context as this run shows it: where the report is a document, it is all that stdout gets. */
function inDrill(context: Context, { output, input, auto }: DrillFlags): Context {
  return {
    ...context,
    streams: (color) => {
      const streams = context.streams(color);
      const shown = output === 'human' ? streams : { ...streams, out: streams.err };
      return input && !auto ? shown : { ...shown, terminal: false, canAsk: false };
    },
  };
}

interface Conversation {
  readonly isTerminal: boolean;
  readonly say: (text: string) => void;
  readonly screen: Screen;
  readonly context: Context;
}

/** Runs one command line after another, until there are no more. */
async function converse(session: Session, program: Program, talk: Conversation): Promise<void> {
  const { isTerminal, say, screen, context } = talk;
  const lines = await context.commandLines(isTerminal ? PROMPT : null);
  try {
    for (let line = await lines.next(); line !== null; line = await lines.next()) {
      const split = splitCommand(line);
      if (split.length === 0) continue;
      if (!isTerminal) say(echoed(line, screen));
      if (typeof split === 'string') {
        say(`${split}\n`);
        continue;
      }
      const words = split[0] === 'ratelimit' ? split.slice(1) : split;
      const [only = 'help'] = words;
      if (words.length <= 1 && ENDS.has(only)) return;
      if (words.length <= 1 && only === 'help') {
        say(drillHelp(program.commands(), screen));
      } else {
        const code = await session.run(words);
        if (code !== EXIT.done) say(screen.paint.dim(`(exit code ${code})\n`));
      }
      if (isTerminal) say('\n');
    }
  } finally {
    lines.close();
  }
}

const ENDS: ReadonlySet<string> = new Set(['done', 'exit', 'quit']);
