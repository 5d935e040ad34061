import {
  type ContextRun,
  type ContextsDocument,
  countOf,
  remarksOf,
  summariseAll,
} from '../contexts-document.ts';
import { escapeText } from '../escape.ts';
import { SENTENCE } from '../lines.ts';
import { type Html, html, NOTHING } from './markup.ts';
import { type Maker, page } from './page.ts';
import { bullets, heading, type Tone } from './parts.ts';
import { verdictBody, verdictCard } from './triage.ts';

/** The verdicts of several contexts on one page, worst first. Ends with a newline. */
export function contextsHtml(document: ContextsDocument, maker: Maker): string {
  const { worstFirst, overall, runs, at, totalMs } = document;
  const when = `${at.slice(0, 19).replace('T', ' ')} UTC`;
  const tone: Tone = overall.severity !== null ? 'bad' : overall.category === 'quiet' ? 'good' : 'warn';
  const severity =
    overall.severity === null ? NOTHING : html`<span class="badge ${tone}">${overall.severity}</span>\n`;
  const over = html`<header class="card verdict ${tone}">
<p class="origin">Triage of ${countOf(runs)}, ${when}</p>
<div class="badges">${severity}<span class="badge">confidence ${overall.confidence}</span></div>
${heading(1, overall.category)}<p class="lead">${summariseAll(document)}</p>
${bullets(remarksOf(document), 'against')}</header>
`;
  return page({
    title: `Triage of ${countOf(runs)}, ${when}`,
    body: [over, ...worstFirst.map(part)],
    about: `${countOf(runs)}, ${when}, read in ${totalMs} ms.`,
    maker,
  });
}

const part = (run: ContextRun): Html =>
  html`<section class="context">\n${heading(2, `Context ${escapeText(run.context, 128)}`)}${bodyOf(run)}</section>\n`;

function bodyOf({ document, error }: ContextRun): Html[] {
  if (document !== null) return [verdictCard(document, 3), ...verdictBody(document, 4)];
  const hint = error.hint === '' ? NOTHING : html`<p>${escapeText(error.hint, SENTENCE)}</p>\n`;
  return [
    html`<div class="card verdict warn">\n${heading(3, 'could not be triaged')}<p class="lead">${escapeText(error.message, SENTENCE)}</p>\n${hint}</div>\n`,
  ];
}
