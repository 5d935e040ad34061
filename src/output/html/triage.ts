import { formatDuration } from '../../values/duration.ts';
import type { Because, Finding } from '../../verdict/types.ts';
import { alertText } from '../alert-text.ts';
import { escapeText } from '../escape.ts';
import { capital } from '../lines.ts';
import { eitherOf } from '../question-sentences.ts';
import { answerText, howToAnswer, openQuestions, type ToldQuestion } from '../questions.ts';
import { explain, explainAll, explainCaveat } from '../sentences.ts';
import {
  afterwards,
  categoryOf,
  checksOf,
  failing,
  headlineOf,
  linkOf,
  linksOf,
  summarise,
  type TriageDocument,
  toneOf,
  verdictName,
} from '../triage-document.ts';
import { unseen, warningsOf } from '../triage-unseen.ts';
import { comparedIn } from './against.ts';
import { type Html, html, NOTHING } from './markup.ts';
import { type Maker, page } from './page.ts';
import {
  bar,
  below,
  bullets,
  card,
  command,
  folded,
  heading,
  keyNumbers,
  type Level,
  section,
} from './parts.ts';
import { asides, numbersOf, tables } from './signals.ts';

/** A verdict as one page to send around. Ends with a newline. */
export const triageHtml = (document: TriageDocument, maker: Maker): string =>
  page({
    title: `${verdictName(document.verdict)}, ${momentOf(document)}`,
    body: [verdictCard(document, 1), ...verdictBody(document, 2)],
    about: aboutOf(document),
    maker,
  });

const momentOf = ({ evidence }: TriageDocument): string =>
  `${evidence.at.slice(0, 19).replace('T', ' ')} UTC`;

const whereOf = ({ context }: TriageDocument): string =>
  context === null ? '' : `, context ${escapeText(context)}`;

function aboutOf(document: TriageDocument): string {
  const { runbook, evidence, totalMs, replayed } = document;
  const how = replayed ? 'recorded evidence' : `read in ${totalMs} ms`;
  return `Runbook ${runbook.name}${whereOf(document)}, ${momentOf(document)}, window ${formatDuration(evidence.windowSeconds)}, ${how}.`;
}

/** The verdict in one card: alone it must be worth the page. */
export function verdictCard(document: TriageDocument, level: Level): Html {
  const { verdict, evidence, replayed } = document;
  const tone = toneOf(document.verdict);
  const [worst] = verdict.findings;
  const cause = worst === undefined ? '' : causeOf(worst, document);
  const severity =
    worst === undefined ? NOTHING : html`<span class="badge ${tone}">${worst.severity}</span>\n`;
  const recorded = replayed
    ? html`<p class="note">Recorded evidence: triage the live system before you act.</p>\n`
    : NOTHING;
  return html`<header class="card verdict ${tone}">
<p class="origin">Triage${whereOf(document)}, ${momentOf(document)}, window ${formatDuration(evidence.windowSeconds)}</p>
<div class="badges">${severity}<span class="badge">confidence ${verdict.confidence}</span></div>
${heading(level, eitherOf(verdict))}${cause === '' ? NOTHING : html`<p class="cause">${cause}</p>\n`}<p class="lead">${summarise(document)}</p>
${recorded}</header>
`;
}

const causeOf = ({ category }: Finding, document: TriageDocument): string =>
  capital(categoryOf(document, category)?.cause ?? '');

/** All that stands behind a verdict and follows from it. */
export function verdictBody(document: TriageDocument, level: Level): Html[] {
  const { verdict, runbook, evidence } = document;
  const rejected = (title: string, list: typeof verdict.ruledOut) =>
    folded(`${title} (${list.length})`, [
      bullets(
        list.map(
          ({ category, because }) => html`<b>${category}</b>: ${explainAll(failing(because), runbook)}`,
        ),
      ),
    ]);
  return [
    alertCard(document),
    ...openQuestions(document).map((question) => questionPart(question, level)),
    keyNumbers(numbersOf(document)),
    ...verdict.findings.map((finding, index) => findingPart(finding, document, level, index > 0)),
    section(level, 'Abnormal, and not explained by a category', [
      card(
        bullets(
          verdict.unexplained.map((because) => reason(because, document)),
          'against',
        ),
      ),
    ]),
    section(level, 'What was measured', tables(document)),
    section(level, 'Could not be seen', [card(bullets(unseen(document), 'against'))]),
    section(level, 'Warnings', [card(bullets(warningsOf(evidence), 'against'))]),
    section(level, 'What else was looked at', [
      card(
        html`${asides(document)}${rejected('Ruled out', verdict.ruledOut)}${rejected('Could not be judged', verdict.undecided)}`,
      ),
    ]),
    section(level, 'Afterwards', [
      card(html`${bullets(afterwards(document))}${links(document, below(level))}`),
    ]),
  ];
}

/** What only the operator can tell, and what follows from each answer. */
const questionPart = (question: ToldQuestion, level: Level): Html =>
  section(level, question.text, [
    card(
      html`<p>${question.because}</p>\n${bullets(question.answers.map(answerText))}<p class="note">${howToAnswer(question)}</p>\n`,
    ),
  ]);

/** What paged. */
function alertCard({ alert, replayed, context, runbook }: TriageDocument): Html {
  if (alert === null) return NOTHING;
  const { title, facts, remarks } = alertText(alert, { replayed, context, runbook: runbook.name });
  return html`<div class="card">\n<p><b>${title}</b></p>\n${bullets(facts)}${bullets(remarks, 'against')}</div>\n`;
}

const links = (document: TriageDocument, level: Level): Html =>
  section(level, 'Links', [bullets(linksOf(document))]);

/** A finding: why, what speaks against it, what was checked, and what to do next. */
function findingPart(finding: Finding, document: TriageDocument, level: Level, isNamed: boolean): Html {
  const { runbook } = document;
  const under = below(level);
  const cause = isNamed ? causeOf(finding, document) : '';
  const met = finding.because.filter((because) => because.met === true);
  const against = [
    ...finding.because
      .filter((because) => because.met === false)
      .map((one) => html`${explain(one, runbook)}`),
    ...finding.caveats.map((caveat) => html`<b>${caveat.code}</b>: ${explainCaveat(caveat, runbook)}`),
  ];
  const said = isNamed ? html`<p>${headlineOf(finding, document)}</p>\n` : NOTHING;
  const badges = isNamed
    ? html`<div class="badges"><span class="badge bad">${finding.severity}</span><span class="badge">confidence ${finding.confidence}</span></div>\n`
    : NOTHING;
  return html`<section>
${heading(level, isNamed ? finding.category : `Why ${finding.category}`)}<div class="card long">
${badges}${cause === '' ? NOTHING : html`<p class="cause">${cause}</p>\n`}${said}<div class="split">
${section(under, 'Why', [bullets(reasons(met, document), 'for')])}${section(under, 'What speaks against it', [bullets(against, 'against')])}</div>
${met.some((one) => comparedIn(one) !== null) ? html`<p class="origin">Bars: what was measured; the line across them: the threshold.</p>\n` : NOTHING}${folded('Checked', [bullets(checksOf(finding, runbook))])}</div>
${nextSteps(finding, document, under)}</section>
`;
}

/** What must hold and what makes it sure may be the same thing. */
const reasons = (list: readonly Because[], document: TriageDocument): Html[] => [
  ...new Map(list.map((because) => [explain(because, document.runbook), reason(because, document)])).values(),
];

/** The sentence of a condition, and where it was measured against a threshold, both as a bar. */
function reason(because: Because, { runbook }: TriageDocument): Html {
  const sentence = explain(because, runbook);
  const numbers = comparedIn(because);
  if (numbers === null) return html`${sentence}`;
  const { measured, against } = numbers;
  // Beside the longer of the two there is room, so that a line at the end of a bar is seen as one.
  const whole = Math.max(measured, against) * 1.05;
  return html`<span class="reason">${sentence}${bar(measured / whole, 'plain', against / whole)}</span>`;
}

/** What to do next: commands ready to paste, then the steps by hand. */
function nextSteps(finding: Finding, document: TriageDocument, level: Level): Html {
  const remedies = document.remedies.get(finding.category) ?? [];
  const steps = [...new Set(remedies.map(({ id }) => id))];
  const items = steps.map((id) => {
    const all = remedies.filter((remedy) => remedy.id === id);
    const [first] = all;
    // What was recorded earlier may be over: scripts get the commands as data, people do not get them to paste.
    const commands = document.replayed
      ? []
      : all.flatMap(({ argv }) => (argv === null ? [] : [command(argv)]));
    return html`<li>${first === undefined ? '' : `${first.text}${linkOf(first)}`}${commands}</li>\n`;
  });
  if (items.length === 0) return NOTHING;
  return section(level, 'Next', [html`<div class="card long"><ol class="steps">\n${items}</ol></div>\n`]);
}
