import type { DrillReport } from '../drill/report.ts';
import type { Entry } from '../journal/types.ts';
import { formatDuration } from '../values/duration.ts';
import { redactUrl } from '../values/text.ts';
import { showTarget } from './change-text.ts';
import { codeSpan, escapeMarkdown, escapeText } from './escape.ts';
import { othersOf } from './journal-facts.ts';
import { toJson } from './json.ts';
import { linesOf, marked, type Screen, SENTENCE, showCommand, warningLines } from './lines.ts';
import type { Format } from './lists.ts';
import { markdownCommand, markdownList, markdownPage } from './markdown.ts';
import type { Paint } from './paint.ts';
import { quoteCommand } from './quote.ts';
import { linkOf } from './triage-document.ts';
import { wrap } from './wrap.ts';

/** How a drill went, `ratelimit/drill/v1`. Ends with a newline. */
export function drillReport(report: DrillReport, format: Format, paint: Paint, width: number): string {
  if (format === 'json') return json(report);
  return format === 'markdown' ? markdown(report) : human(report, { paint, width });
}

function human(report: DrillReport, screen: Screen): string {
  const { incident, responses, entries, warnings } = report;
  const { paint, width } = screen;
  const title = (text: string) => paint.strong(wrap(text, width, '  '));
  const verdict = wrap(verdictOf(report), width, '  ');
  const tone = report.isRight === null ? paint.warn : report.isRight ? paint.good : paint.bad;
  return linesOf([
    title(`The drill is over, after ${formatDuration(report.seconds)}.`),
    '',
    title(`What was going on: ${escapeText(incident.title, 120)} (${truthOf(report)})`),
    wrap(`  ${escapeText(incident.story, SENTENCE)}`, width, '  '),
    ...(incident.expect.why === null
      ? []
      : [wrap(`  ${escapeText(incident.expect.why, SENTENCE)}`, width, '  ')]),
    '',
    tone(verdict),
    '',
    title('What you did'),
    ...(entries.length === 0 ? ['  nothing was changed'] : []),
    ...entries.map((entry) => {
      const good = entry.status === 'applied' && entry.verified !== 'not-enforced';
      return marked(good ? '+' : '!', deedOf(entry), screen, good ? 'good' : 'warn');
    }),
    '',
    title('What the runbook would have done'),
    ...(responses.length === 0 ? ['  nothing: there is nothing to be done about it'] : []),
    ...responsesOf(report).flatMap(({ text, commands }, index) => [
      wrap(`  ${index + 1}. ${escapeText(text, SENTENCE)}`, width, '     '),
      ...commands.map((argv) => `     ${paint.name(showCommand(argv))}`),
    ]),
    ...warningLines(warnings, screen),
    '',
    paint.dim(
      wrap('After a real page, ratelimit report writes it up; in a drill, before it is done.', width),
    ),
  ]);
}

/** The steps of the runbook in order, the commands of one step together. */
function responsesOf({ responses }: DrillReport) {
  const steps = new Map<string, { text: string; commands: (readonly string[])[] }>();
  for (const response of responses) {
    const step = steps.get(response.id) ?? { text: `${response.text}${linkOf(response)}`, commands: [] };
    if (response.argv !== null) step.commands.push(response.argv);
    steps.set(response.id, step);
  }
  return [...steps.values()];
}

const truthOf = ({ incident }: DrillReport): string => incident.expect.category.join(' or ');

function verdictOf(report: DrillReport): string {
  const { said, isRight } = report;
  if (said === null) return 'You did not triage, so nobody said what it was.';
  const what = `Your last triage said ${said.category} (confidence ${said.confidence})`;
  if (isRight !== true) return `${what}; it was ${truthOf(report)}.`;
  const isOver = !report.incident.expect.category.includes(said.category);
  return isOver ? `${what}, and one before it ${truthOf(report)}: right.` : `${what}: right.`;
}

/** `block-ip acp:ip_block:203.0.113.42: applied, enforced`, `note: called acme`. */
function deedOf(entry: Entry): string {
  if (entry.note !== undefined) return `${escapeText(entry.remedy)}: ${escapeText(entry.reason, SENTENCE)}`;
  const [first] = entry.changes;
  const target = first === undefined ? '' : ` ${showTarget(first)}`;
  const states = [
    entry.status,
    ...(entry.verified === null ? [] : [entry.verified]),
    ...(entry.undoneBy === null ? [] : ['undone']),
  ];
  return `${entry.remedy}${target}${othersOf(entry)}: ${states.join(', ')}`;
}

function markdown(report: DrillReport): string {
  const { incident, entries, warnings } = report;
  return markdownPage([
    `## Drill: ${escapeMarkdown(incident.title, 120)}`,
    '',
    `- incident: ${codeSpan(report.name, 400)}, runbook ${codeSpan(report.runbook, 400)}, ${formatDuration(report.seconds)}`,
    `- truth: ${incident.expect.category.map((id) => codeSpan(id)).join(' or ')}`,
    `- ${escapeMarkdown(verdictOf(report), SENTENCE)}`,
    '',
    escapeMarkdown(incident.story, SENTENCE),
    '',
    ...markdownList(
      'What was done',
      entries.length === 0 ? ['nothing was changed'] : entries.map((entry) => deedOf(entry)),
    ),
    ...responsesOf(report).flatMap(({ text, commands }, index) => [
      ...(index === 0 ? ['**What the runbook would have done**', ''] : []),
      `${index + 1}. ${escapeMarkdown(text, SENTENCE)}`,
      '',
      ...commands.flatMap((argv) => markdownCommand('Command', argv).slice(2)),
    ]),
    ...markdownList('Warnings', warnings),
  ]);
}

/** Its shape is a contract: keys are only ever added. */
function json(report: DrillReport): string {
  const { incident, said, entries, responses, ran } = report;
  return toJson({
    schema: 'ratelimit/drill/v1',
    incident: report.name,
    title: incident.title,
    page: incident.page ?? null,
    runbook: report.runbook,
    startedAt: report.startedAt,
    seconds: report.seconds,
    truth: { categories: incident.expect.category, story: incident.story },
    triages: report.triages,
    verdict: said && { category: said.category, confidence: said.confidence, right: report.isRight },
    changes: entries.map(({ id, remedy, status, verified, undoneBy, changes }) => ({
      ...{ id, remedy, status, verified, undoneBy, targets: changes.map(({ target }) => target) },
    })),
    responses: responses.map(({ id, kind, argv, text, link }) => ({
      ...{ id, kind, command: argv === null ? null : quoteCommand(argv), text, link },
    })),
    commands: ran.map(({ words, exitCode }) => ({ command: quoteCommand(words.map(redacted)), exitCode })),
    ignored: report.ignored,
    warnings: report.warnings,
  });
}

/** A password in a URL that was typed is not repeated. */
const redacted = (word: string): string => (/:\/\/.*@/.test(word) ? redactUrl(word) : word);
