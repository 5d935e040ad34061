import type { Runbook, StepSpec } from '../runbooks/schema.ts';
import type { CategoryView, ThresholdView } from '../runbooks/view.ts';
import { formatDuration } from '../values/duration.ts';
import { type Said, sayCondition, sayInOne } from './condition-text.ts';
import { escapeText, literalMarkdown } from './escape.ts';
import { labelled, marked, type Screen, SENTENCE, showCommand } from './lines.ts';
import { markdownTable } from './markdown.ts';
import { formatNumber, formatShare } from './numbers.ts';
import { limitLines } from './runbook-limits.ts';
import type { ShownRunbook } from './runbook-show.ts';
import { wrap } from './wrap.ts';

/** One category on the screen: what it is, what it looks at, what speaks against it, what to do. */
export function categoryLines(shown: ShownRunbook, category: CategoryView, screen: Screen): string[] {
  const { spec, severity, signals, thresholds, limits } = category;
  const { runbook } = shown.view;
  const { paint, width } = screen;
  const alerts = alertsOf(category, runbook);
  const gaps = gapsOf(category, runbook);
  const heading = (title: string) => ['', paint.strong(wrap(title, width, '  '))];
  const when = sayCondition(spec.when, runbook);
  const sure = spec['sure-when'] === null ? null : sayCondition(spec['sure-when'], runbook);
  return [
    paint.strong(wrap(`${severity} ${spec.id}: ${spec.title}`, width, '  ')),
    ...labelled(
      [
        { name: 'pattern', value: spec.pattern },
        { name: 'cause', value: spec.cause },
      ],
      width,
    ),
    ...heading('What it looks at'),
    ...signals.map(({ title, sources }) =>
      wrap(`  - ${title}: ${sources.map((one) => escapeText(one, SENTENCE)).join(', ')}`, width, '    '),
    ),
    ...heading(`Recognised when ${lead(when)}`),
    ...saidLines(when, screen),
    ...(sure === null ? [] : [...heading(sureTitle(sure, spec)), ...saidLines(sure, screen)]),
    ...(thresholds.length > 0 ? heading('Thresholds') : []),
    ...thresholds.flatMap((one) => [
      thresholdLine(one, screen),
      wrap(`      ${one.because}`, width, '      '),
    ]),
    ...limitLines(limits, screen),
    ...(spec.caveats.length > 0 ? heading('Reasons to doubt') : []),
    ...spec.caveats.flatMap((caveat) => [
      marked('!', `${caveat.code}: ${caveat.text}`, screen),
      wrap(`      when ${sayInOne(sayCondition(caveat.when, runbook))}`, width, '      '),
      ...effectsOf(caveat).map((effect) => wrap(`      ${effect}`, width, '      ')),
    ]),
    ...(alerts.length + gaps.length > 0 ? heading('What pages for it') : []),
    ...alerts.map((alert) => wrap(`  - ${alert}`, width, '    ')),
    ...gaps.map((gap) => marked('!', gap, screen)),
    ...heading('What to do'),
    ...spec.respond.flatMap((step, index) => [
      wrap(`  ${index + 1}. ${leadOf(step)}${step.text}${seeOf(step, shown)}`, width, '     '),
      ...commandOf(step, shown).map((command) => `     ${paint.name(command)}`),
    ]),
  ];
}

/** One category for a page; as on the screen. */
export function categoryMarkdown(shown: ShownRunbook, category: CategoryView): string[] {
  const { spec, severity, signals, thresholds } = category;
  const { runbook } = shown.view;
  const text = literalMarkdown;
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`**${text(title)}**`, '', ...items, ''];
  const when = sayCondition(spec.when, runbook);
  const sure = spec['sure-when'] === null ? null : sayCondition(spec['sure-when'], runbook);
  return [
    `## ${text(`${severity} ${spec.id}: ${spec.title}`)}`,
    '',
    text(`${spec.pattern}: ${spec.cause}`),
    '',
    ...list(
      'What it looks at',
      signals.map(
        ({ title, sources }) =>
          `- ${text(`${title}: ${sources.map((one) => escapeText(one, SENTENCE)).join(', ')}`)}`,
      ),
    ),
    ...list(`Recognised when ${lead(when)}`, saidMarkdown(when)),
    ...(sure === null ? [] : list(sureTitle(sure, spec), saidMarkdown(sure))),
    ...markdownTable(
      ['threshold', 'value', 'because'],
      thresholds.map((one) =>
        [one.name, one.overridden ? overriddenText(one) : valueText(one), one.because].map(text),
      ),
    ),
    ...list(
      'Reasons to doubt',
      spec.caveats.map((caveat) => {
        const said = `when ${sayInOne(sayCondition(caveat.when, runbook))}`;
        return `- ${text([`${caveat.code}: ${caveat.text}`, `(${[said, ...effectsOf(caveat)].join('; ')})`].join(' '))}`;
      }),
    ),
    ...list(
      'What pages for it',
      [...alertsOf(category, runbook), ...gapsOf(category, runbook)].map((one) => `- ${text(one)}`),
    ),
    ...list(
      'What to do',
      spec.respond.flatMap((step, index) => [
        `${index + 1}. ${text(`${leadOf(step)}${step.text}${seeOf(step, shown)}`)}`,
        ...commandOf(step, shown).flatMap((command) => ['', '   ```sh', `   ${command}`, '   ```', '']),
      ]),
    ),
  ];
}

function thresholdLine(one: ThresholdView, { paint, width }: Screen): string {
  const line = wrap(
    `  ${one.name}: ${one.overridden ? overriddenText(one) : valueText(one)}`,
    width,
    '      ',
  );
  return one.overridden ? paint.warn(line) : line;
}

/** `20 failures`, `10%`, `10m`. */
const valueText = ({ value, unit }: ThresholdView): string => {
  if (value === null) return `not known (${unit})`;
  if (unit === 's') return formatDuration(value);
  return unit.startsWith('share')
    ? `${formatShare(value)}${unit.slice('share'.length)}`
    : `${formatNumber(value)} ${unit}`;
};

/** `30 failures (set by the context, the runbook says 20 failures)`. */
export const overriddenText = (threshold: ThresholdView): string => {
  const { own } = threshold;
  const before =
    own === null
      ? 'the runbook does not know it'
      : `the runbook says ${valueText({ ...threshold, value: own })}`;
  return `${valueText(threshold)} (set by the context, ${before})`;
};

const lead = ({ parts, text }: Said): string => (parts.length === 0 ? 'this holds' : `${text} hold`);

const sureTitle = (sure: Said, { otherwise }: CategoryView['spec']): string =>
  `The confidence is high when ${lead(sure)} too, else ${otherwise}`;

/** What a condition asks, a line each, the parts of `all` and `any` below them. */
function saidLines(said: Said, screen: Screen, depth = 0): string[] {
  const list = depth === 0 && said.parts.length > 0 ? said.parts : [said];
  const indent = ' '.repeat(2 + 2 * depth);
  return list.flatMap((one) => [
    wrap(`${indent}- ${one.text}${one.parts.length > 0 ? ':' : ''}`, screen.width, `${indent}  `),
    ...one.parts.flatMap((part) => saidLines(part, screen, depth + 1)),
  ]);
}

function saidMarkdown(said: Said, depth = 0): string[] {
  const list = depth === 0 && said.parts.length > 0 ? said.parts : [said];
  return list.flatMap((one) => [
    `${'  '.repeat(depth)}- ${literalMarkdown(one.text)}${one.parts.length > 0 ? ':' : ''}`,
    ...one.parts.flatMap((part) => saidMarkdown(part, depth + 1)),
  ]);
}

/** The alerting rules that are about a category. */
const alertsOf = ({ spec }: CategoryView, { rules }: Runbook): string[] =>
  rules.flatMap(({ id, alert, for: lasting, categories }) =>
    categories.includes(spec.id) ? [`${alert} (rule ${id}), after ${lasting}`] : [],
  );

/** What of a category nothing can page for. */
const gapsOf = ({ spec }: CategoryView, runbook: Runbook): string[] =>
  runbook['not-alerted'].flatMap(({ categories, text, export: advice }) =>
    categories.includes(spec.id) ? [`${text} ${advice}`] : [],
  );

type CaveatSpec = CategoryView['spec']['caveats'][number];

function effectsOf({ lowers, group, withholds, defers, acquits }: CaveatSpec): string[] {
  return [
    ...(lowers === 0
      ? []
      : [
          `lowers the confidence by ${lowers} ${lowers === 1 ? 'step' : 'steps'}${group === null ? '' : `, once for all of ${group}`}`,
        ]),
    ...(withholds.length === 0 ? [] : [`does not propose ${withholds.join(', ')}`]),
    ...(defers.length === 0 ? [] : [`proposes ${defers.join(', ')} last`]),
    ...(acquits ? ['does not name whom it holds for beside others'] : []),
  ];
}

/** The caveat that a step is proposed with, and what a step for people is called when it is noted; a command records itself. */
function leadOf({ id, command, with: code }: StepSpec): string {
  const words = [...(code === null ? [] : [`With ${code}`]), ...(command === null ? [id] : [])];
  return words.length === 0 ? '' : `${words.join(', ')}: `;
}

function seeOf({ link }: StepSpec, { view }: ShownRunbook): string {
  const target = link === null ? undefined : view.runbook.links[link];
  return target === undefined ? '' : ` See ${target.title} (${target.see}).`;
}

/** The command of a step with its places named, quoted so that a shell takes them for no redirection. */
export function commandOf({ command, each }: StepSpec, { reach }: ShownRunbook): string[] {
  if (command === null) return [];
  const words = command.map((word) =>
    word.replaceAll('{subject}', `<${each}>`).replaceAll('{enough}', '<usd>'),
  );
  return [showCommand([...words, ...reach])];
}
