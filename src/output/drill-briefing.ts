import type { Named } from '../drill/library.ts';
import { codeSpan, escapeCharacter, escapeMarkdown, escapeText, replaceHidden } from './escape.ts';
import { toJson } from './json.ts';
import { labelled, linesOf, type Screen, SENTENCE, someOf } from './lines.ts';
import type { Format } from './lists.ts';
import { markdownPage, markdownTable } from './markdown.ts';
import type { Paint } from './paint.ts';
import { wrap } from './wrap.ts';

/** What can be drilled, `ratelimit/drills/v1`. Ends with a newline. */
export function drillsText(all: readonly Named[], format: Format, paint: Paint, width: number): string {
  if (format === 'json') {
    const incidents = all.map(({ name, incident: { title, page = null, runbook } }) => {
      return { name, title, page, runbook };
    });
    return toJson({ schema: 'ratelimit/drills/v1', incidents, warnings: [] });
  }
  if (format === 'markdown') {
    const rows = all.map(({ name, incident }) => [codeSpan(name), escapeMarkdown(incident.title, 120)]);
    return markdownPage(markdownTable(['incident', 'title'], rows));
  }
  const rows = all.map(({ name, incident }) => ({
    name: escapeText(name),
    value: escapeText(incident.title, 120),
  }));
  return linesOf([...labelled(rows, width, ''), '', paint.dim('Begin one with: ratelimit drill <incident>')]);
}

/**
 * What somebody should know who is about to be drilled.
 * @param notes what may be wrong with the incident, a sentence each
 */
export function briefing(
  page: string | undefined,
  { ignored, notes }: { readonly ignored: readonly string[]; readonly notes: readonly string[] },
  { paint, width }: Screen,
): string {
  const nothing = wrap(
    'This is a drill. The systems are played by this program; nothing real is read or changed.',
    width,
  );
  const given = someOf(
    ignored.map((one) => escapeText(one, 200)),
    20,
  );
  return linesOf([
    paint.strong(nothing),
    ...(ignored.length === 0 ? [] : [wrap(`Ignored in a drill: ${given}.`, width, '  ')]),
    ...notes.map((note) => wrap(`Note: ${escapeText(note, SENTENCE)}`, width, '  ')),
    '',
    wrap(`The pager says: ${escapeText(page ?? 'something is wrong', SENTENCE)}`, width, '  '),
    '',
  ]);
}

/** How to go on from there, for whoever types. */
export const instructions = (width: number): string =>
  linesOf([
    wrap('Type what you would type during a page, such as: triage', width),
    wrap('help lists the commands, done ends the drill and tells what was going on.', width),
    '',
  ]);

/** The commands of the program, a line each. */
export function drillHelp(
  commands: readonly { readonly name: string; readonly description: string }[],
  { paint, width }: Screen,
): string {
  const rows = [
    ...commands.map(({ name, description }) => ({ name, value: description })),
    { name: 'help <command>', value: 'all about one of them, with its flags' },
    { name: 'done', value: 'end the drill and hear what was going on (also exit, quit, Ctrl-D)' },
  ];
  return linesOf([paint.strong('Commands'), ...labelled(rows, width)]);
}

/** A command line as it would stand behind the prompt, for whoever reads a recording. */
export const echoed = (line: string, { paint }: Screen): string =>
  `\n${paint.dim(PROMPT)}${paint.name(replaceHidden(line, escapeCharacter))}\n`;

export const PROMPT = 'drill> ';
