import type { Check } from '../doctor/types.ts';
import type { DoctorDocument, Said } from './doctor-document.ts';
import { standing, troubles } from './doctor-groups.ts';
import { headline } from './doctor-headline.ts';
import { tell } from './doctor-tell.ts';
import { codeSpan, escapeMarkdown, literalMarkdown } from './escape.ts';
import { markdownList, markdownPage, markdownTable } from './markdown.ts';

/** The doctor's report for a page or a ticket. Everything from outside renders as plain text there. Ends with a newline. */
export function doctorMarkdown(document: DoctorDocument): string {
  const { checks, acl, warnings, runbook, evidence } = document;
  const own = (...codes: Check['code'][]) =>
    checks.filter(({ code }) => codes.includes(code)).map((check) => tell(check, document));
  const [system, ...rest] = standing(document).map(({ title, items }) => list(title, items));
  return markdownPage([
    `## ${literalMarkdown(headline(document))}`,
    '',
    ...list('Problems', troubles(document, 'problem')),
    ...list('Warnings', troubles(document, 'warning')),
    ...markdownList('Remarks of the sources', warnings),
    ...(system ?? []),
    ...list('Categories that can be judged here', own('category-judged')),
    ...list('Judged in part', own('category-in-part')),
    ...list('Could not be judged here', own('category-impossible', 'category-unknown')),
    '**Sources**',
    '',
    ...markdownTable(
      ['signal', 'source', 'found', 'ms'],
      checks
        .filter(({ check }) => check === 'source')
        .map((check) => [
          escapeMarkdown(check.signal ?? ''),
          codeSpan(check.source ?? '', 120),
          literalMarkdown(tell(check, document).text),
          String(check.latencyMs ?? ''),
        ]),
    ),
    ...rest.flat(),
    '**Redis users with exactly these rights**',
    '',
    '```',
    acl.triage,
    acl.operator,
    '```',
    '',
    `runbook ${runbook.name}, ${codeSpan(evidence.at)}`,
  ]);
}

/** Sentences are escaped already. */
const list = (title: string, items: readonly Said[]): string[] =>
  items.length === 0
    ? []
    : [
        `**${literalMarkdown(title)}**`,
        '',
        ...items.map(({ text, advice }) => {
          const more = advice === null ? '' : ` *${literalMarkdown(advice)}*`;
          return `- ${literalMarkdown(text)}${more}`;
        }),
        '',
      ];
