import type { CategoryView, RunbookView } from '../runbooks/view.ts';
import { codeSpan, escapeText, literalMarkdown } from './escape.ts';
import { linesOf, type Screen, SENTENCE, showCommand, warningLines } from './lines.ts';
import type { Format } from './lists.ts';
import { markdownList, markdownPage, markdownTable } from './markdown.ts';
import { measure } from './measure.ts';
import { categoryLines, categoryMarkdown, overriddenText } from './runbook-category.ts';
import { limitLines, limitMarkdown } from './runbook-limits.ts';
import { shownJson } from './runbook-show-json.ts';
import { renderTable } from './table.ts';
import { wrap } from './wrap.ts';

/** A runbook to be read: all of its categories in brief, or one of them. */
export interface ShownRunbook {
  readonly view: RunbookView;
  /** The one to show; null for the table of all. */
  readonly category: CategoryView | null;
  readonly origin: 'built-in' | 'own' | 'path';
  /** The file; null for one that comes with the program. */
  readonly path: string | null;
  readonly context: string | null;
  /** Words that a command needs to be on the same context and runbook. */
  readonly reach: readonly string[];
}

/** The runbook, `ratelimit/runbook-show/v1`. Ends with a newline. */
export function shownText(shown: ShownRunbook, format: Format, screen: Screen): string {
  if (format === 'json') return shownJson(shown);
  return format === 'markdown' ? asMarkdown(shown) : asScreen(shown, screen);
}

function asScreen(shown: ShownRunbook, screen: Screen): string {
  const { view, category } = shown;
  const { paint, width } = screen;
  const links = section('Links', linksOf(view), screen);
  const { runbook } = view;
  const alerts = runbook.alerts.length > 0 ? `, alerts ${runbook.alerts.join(', ')}` : '';
  // What is needed next comes last: it is where the eye is when a long screen has scrolled.
  const body =
    category === null
      ? [
          paint.strong(wrap(`${runbook.title} (${runbook.severity}${alerts})`, width, '  ')),
          ...links,
          ...section('Afterwards', runbook.afterwards, screen),
          ...section('Charts of ratelimit report', chartsOf(view), screen),
          ...section('Questions that triage asks', askedOf(shown), screen),
          ...section('Alerting rules, printed by ratelimit rules', rulesOf(view), screen),
          ...limitLines(view.limits, screen),
          ...section('Thresholds that the context sets', overriddenOf(view), screen),
          ...tableLines(shown, screen),
        ]
      : [
          ...categoryLines(shown, category, screen),
          ...section('Questions that triage asks', askedOf(shown), screen),
          ...links,
        ];
  return linesOf([
    ...body,
    ...(view.warnings.length > 0 ? ['', ...warningLines(view.warnings, screen)] : []),
    '',
    paint.dim(wrap(whereOf(shown), width, '  ')),
  ]);
}

const overriddenOf = ({ thresholds }: RunbookView): string[] =>
  thresholds.filter(({ overridden }) => overridden).map((one) => `${one.name}: ${overriddenText(one)}`);

/** `runbook aegis (built in), context prod`. */
function whereOf({ view, path, context }: ShownRunbook): string {
  const where = path === null ? 'built in' : escapeText(path, SENTENCE);
  const which = context === null ? '' : `, context ${escapeText(context, 128)}`;
  return `runbook ${view.runbook.name} (${where})${which}`;
}

const linksOf = ({ runbook }: RunbookView): string[] =>
  Object.values(runbook.links).map(({ title, see }) => `${title}: ${see}`);

/** The questions of the runbook, or those that decide about the category, with the categories of their answers. */
const askedOf = ({ view: { runbook }, category }: ShownRunbook): string[] =>
  runbook.questions
    .filter(({ answers }) => category === null || answers.some((one) => one.category === category.spec.id))
    .map(({ id, text, answers }) => {
      const each = answers.map((one) => `${one.id} (${one.text}): ${one.category}`);
      return `${id}: ${text} ${each.join('; ')}`;
    });

/** A chart with its signal: `429s by tenant (rejects-by-tenant), against reject-rate`. */
const chartsOf = ({ runbook }: RunbookView): string[] =>
  runbook.charts.map(({ signal, title, level, query }) => {
    const name = title ?? runbook.signals[signal]?.title ?? signal;
    const against = level === null ? '' : `, against ${level}`;
    return `${name} (${signal})${against}${query === null ? '' : `; its history by queries.${query.setting}`}`;
  });

/** An alert with its rules: `RateLimitSpike: tenant-rejects, auth-failures`. */
const rulesOf = ({ runbook }: RunbookView): string[] => {
  const alerts = [...new Set(runbook.rules.map(({ alert }) => alert))];
  return alerts.map((name) => {
    const ids = runbook.rules.filter(({ alert }) => alert === name).map(({ id }) => id);
    return `${name}: ${ids.join(', ')}`;
  });
};

const section = (title: string, items: readonly string[], { paint, width }: Screen): string[] =>
  items.length === 0
    ? []
    : ['', paint.strong(title), ...items.map((item) => wrap(`  * ${item}`, width, '    '))];

const HEAD = ['severity', 'category', 'pattern', 'cause'];

/** The category table. On a screen that is too narrow for a line each, it is two. */
function tableLines({ view: { categories }, reach }: ShownRunbook, { paint, width }: Screen): string[] {
  const rows = categories.map(({ spec, severity }) => [severity, spec.id, spec.pattern, spec.cause]);
  const room = HEAD.reduce(
    (sum, head, i) => sum + 2 + Math.max(...[head, ...rows.map((row) => row[i] ?? '')].map(measure)),
    -2,
  );
  const table =
    room <= width
      ? [renderTable({ head: HEAD, rows, width, paint })]
      : rows.flatMap(([severity = '', id = '', pattern, cause]) => [
          `  ${severity} ${paint.name(id)}`,
          wrap(`     ${pattern}: ${cause}`, width, '     '),
        ]);
  const show = showCommand(['ratelimit', 'runbook', 'show', ...reach]);
  return [
    '',
    paint.strong('Categories, worst first'),
    ...table,
    '',
    `What to do about one: ${paint.name(`${show} <category>`)}`,
  ];
}

function asMarkdown(shown: ShownRunbook): string {
  const { view, category } = shown;
  const { runbook, categories } = view;
  const table = categories.map(({ spec, severity }) => [
    codeSpan(spec.id, 200),
    ...[spec.pattern, spec.cause, severity].map(literalMarkdown),
  ]);
  return markdownPage([
    ...(category === null
      ? [
          `## ${literalMarkdown(runbook.title)}`,
          '',
          ...markdownTable(['category', 'pattern', 'cause', 'severity'], table),
        ]
      : categoryMarkdown(shown, category)),
    ...markdownList('Questions that triage asks', askedOf(shown)),
    ...limitMarkdown(category === null ? view.limits : category.limits),
    ...(category === null ? markdownList('Charts', chartsOf(view)) : []),
    ...(category === null ? markdownList('Alerting rules', rulesOf(view)) : []),
    ...markdownList('Links', linksOf(view)),
    ...markdownList('Warnings', view.warnings),
    literalMarkdown(whereOf(shown)),
  ]);
}
