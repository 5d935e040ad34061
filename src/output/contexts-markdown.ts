import {
  type ContextRun,
  type ContextsDocument,
  countOf,
  remarksOf,
  summariseAll,
} from './contexts-document.ts';
import { codeSpan, escapeMarkdown, literalMarkdown } from './escape.ts';
import { SENTENCE } from './lines.ts';
import { markdownList, markdownPage } from './markdown.ts';
import { triageMarkdown } from './triage-markdown.ts';

/** The verdicts of several contexts for an incident channel, worst first. Ends with a newline. */
export const contextsMarkdown = (document: ContextsDocument): string =>
  markdownPage([
    `# Triage of ${countOf(document.runs)}`,
    '',
    literalMarkdown(summariseAll(document)),
    '',
    ...markdownList('Warnings', remarksOf(document)),
    ...document.worstFirst.flatMap(section),
    `${countOf(document.runs)}, ${codeSpan(document.at)}`,
  ]);

const section = (run: ContextRun): string[] => [
  `## ${escapeMarkdown(run.context, 128)}`,
  '',
  run.document === null
    ? `**could not be triaged**: ${escapeMarkdown(run.error.message, SENTENCE)}\n`
    : triageMarkdown(run.document, '###'),
];
