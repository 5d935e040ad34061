import type { Row, Signal } from '../../evidence/types.ts';
import { formatDuration } from '../../values/duration.ts';
import type { Because, Finding } from '../../verdict/types.ts';
import { type Column, columnsFor, notableRows } from '../columns.ts';
import { escapeText } from '../escape.ts';
import { formatAmount, formatNumber } from '../numbers.ts';
import { explain, explainAll, explainCaveat } from '../sentences.ts';
import { roundEstimate } from '../signal-text.ts';
import {
  afterwards,
  categoryOf,
  checksOf,
  describeSignal,
  failing,
  headlineOf,
  linkOf,
  linksOf,
  summarise,
  type TriageDocument,
} from '../triage-document.ts';
import { unseen, warningsOf } from '../triage-unseen.ts';
import { comparedIn } from './against.ts';
import { type Html, html, isBlank, NOTHING } from './markup.ts';
import { type Maker, page } from './page.ts';
import {
  bar,
  below,
  bullets,
  command,
  folded,
  heading,
  type KeyNumber,
  keyNumbers,
  type Level,
  section,
  type TableColumn,
  type Tone,
  table,
} from './parts.ts';

/** A verdict as one page to send around. Ends with a newline. */
export const triageHtml = (document: TriageDocument, maker: Maker): string =>
  page({
    title: `${nameOf(document)}, ${momentOf(document)}`,
    body: [verdictCard(document, 1), ...verdictBody(document, 2)],
    about: aboutOf(document),
    maker,
  });

const momentOf = ({ evidence }: TriageDocument): string =>
  `${evidence.at.slice(0, 19).replace('T', ' ')} UTC`;

const whereOf = ({ context }: TriageDocument): string =>
  context === null ? '' : `, context ${escapeText(context)}`;

function nameOf({ verdict }: TriageDocument): string {
  const [worst] = verdict.findings;
  return worst === undefined ? verdict.category : `${worst.severity} ${worst.category}`;
}

function aboutOf(document: TriageDocument): string {
  const { runbook, evidence, totalMs, replayed } = document;
  const how = replayed ? 'recorded evidence' : `read in ${totalMs} ms`;
  return `Runbook ${runbook.name}${whereOf(document)}, ${momentOf(document)}, window ${formatDuration(evidence.windowSeconds)}, ${how}.`;
}

const toneOf = ({ verdict }: TriageDocument): Tone =>
  verdict.findings.length > 0 ? 'bad' : verdict.category === 'quiet' ? 'good' : 'warn';

/** The verdict in one card: alone it must be worth the page. */
export function verdictCard(document: TriageDocument, level: Level): Html {
  const { verdict, evidence, replayed } = document;
  const tone = toneOf(document);
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
${heading(level, verdict.category)}${cause === '' ? NOTHING : html`<p class="cause">${cause}</p>\n`}<p class="lead">${summarise(document)}</p>
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

const card = (content: Html): Html =>
  isBlank(content) ? NOTHING : html`<div class="card long">\n${content}</div>\n`;

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

/** The signals that the findings are about, worst first. */
const aboutSignals = (document: TriageDocument): string[] =>
  document.verdict.findings.flatMap(({ category }) => categoryOf(document, category)?.about ?? []);

const MOST_NUMBERS = 4;

/** What the verdict is about, in a few large numbers. */
function numbersOf(document: TriageDocument): KeyNumber[] {
  const { runbook, evidence } = document;
  const ids = [...new Set([...aboutSignals(document), ...runbook['quiet-needs'].flat()])];
  return ids
    .flatMap((id): KeyNumber[] => {
      const signal = evidence.signals[id];
      if (signal === undefined || signal.total === null || signal.unit === 's left') return [];
      return [
        { title: runbook.signals[id]?.title ?? id, ...amountOf(signal, runbook.signals[id]?.entity ?? null) },
      ];
    })
    .slice(0, MOST_NUMBERS);
}

function amountOf(
  { total, distinct, sample, unit, windowSeconds }: Signal,
  entity: { readonly one: string; readonly many: string } | null,
): Omit<KeyNumber, 'title'> {
  const about = sample === null ? '' : 'about ';
  const round = (value: number) => (sample === null ? value : roundEstimate(value));
  const from =
    distinct === null || entity === null
      ? ''
      : `from ${about}${formatNumber(round(distinct))} ${distinct === 1 ? entity.one : entity.many}`;
  const window = windowSeconds === null ? '' : `in ${formatDuration(windowSeconds)}`;
  return {
    value: `${about}${formatAmount(round(total ?? 0), unit)}`,
    note: [from, window].filter((text) => text !== '').join(' '),
  };
}

/** One table per signal that has something to show, those of the findings first, then what has only a total. */
function tables(document: TriageDocument): Html[] {
  const { evidence, runbook, top } = document;
  const about = new Set(aboutSignals(document));
  const all = Object.entries(evidence.signals);
  const shown = [...all.filter(([id]) => about.has(id)), ...all.filter(([id]) => !about.has(id))]
    .filter(([id, { status }]) => status === 'measured' && runbook.signals[id]?.show !== 'line')
    .map(([id, signal]) => ({
      ...{ id, signal, rows: notableRows(id, signal, runbook) },
      title: capital(runbook.signals[id]?.title ?? id),
      text: describeSignal(id, signal, runbook),
    }));
  const lines = shown
    .filter(({ rows }) => rows.length === 0)
    .map(({ title, text }) => html`<b>${title}</b>: ${text}`);
  return [
    ...shown
      .filter(({ rows }) => rows.length > 0)
      .map(({ id, signal, rows, title, text }) => {
        const hidden = rows.length - Math.min(rows.length, top);
        const more =
          hidden > 0 ? html`<p class="origin">and ${hidden} more (--top ${rows.length})</p>\n` : NOTHING;
        const [first, ...others] = columnsFor(id, signal, runbook);
        const columns = first === undefined ? [] : [named(first), ...barsOf(signal), ...others];
        return html`<div class="card">\n<p><b>${title}</b>: ${text}</p>\n${table(title, columns, rows.slice(0, top))}${more}</div>\n`;
      }),
    card(bullets(lines)),
  ];
}

/** Ids in letters of one width, so that two that differ in one look different. */
const named = ({ head, cell }: Column): TableColumn<Row> => ({
  head,
  cell: (row) => html`<span class="id">${cell(row)}</span>`,
});

/** The share of all, of the limit, or of the largest, whatever the numbers beside it are. */
function barsOf({ rows, unit }: Signal): TableColumn<Row>[] {
  if (rows.some(({ limit }) => limit?.ratio != null)) {
    const cell = ({ limit }: Row) =>
      limit?.ratio == null ? '' : bar(limit.ratio, limit.ratio >= 1 ? 'bad' : 'plain');
    return [{ head: 'of the limit', cell }];
  }
  if (unit === 's' || unit === 's left') return [];
  if (rows.some(({ share }) => share !== null)) {
    return [{ head: 'of all', cell: ({ share }) => (share === null ? '' : bar(share)) }];
  }
  return [];
}

/** Signals that are only context, in a line each. */
const asides = ({ evidence, runbook }: TriageDocument): Html =>
  bullets(
    Object.entries(evidence.signals)
      .filter(([id, { status }]) => status === 'measured' && runbook.signals[id]?.show === 'line')
      .map(([id, signal]) => `${runbook.signals[id]?.title ?? id}: ${describeSignal(id, signal, runbook)}`),
  );

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
