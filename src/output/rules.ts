import type { AlertingRule } from '../runbooks/rules.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { codeSpan, escapeMarkdown, literalMarkdown } from './escape.ts';
import { toJson } from './json.ts';
import { showCommand } from './lines.ts';
import type { Format } from './lists.ts';
import { markdownList, markdownPage, markdownTable } from './markdown.ts';
import { type RuleReach, writtenRule } from './rule-texts.ts';
import { rulesYaml } from './rules-yaml.ts';

/** A runbook's alerting rules, and for whom they are written. */
export interface ShownRules extends RuleReach {
  readonly rules: readonly AlertingRule[];
  /** Sentences. */
  readonly warnings: readonly string[];
}

/** What holds for every rule that is made of rates. */
const NOTES = [
  "rate() measures from a series' second sample on: what a new series begins with, such as the very first rejections of a tenant, counts for nothing. A spike that lasts is seen all the same.",
  'A rule sees what its Prometheus scrapes. Where each host has one of its own, a rate is split among them: evaluate the rules where all of it is seen, or lower the thresholds in the context.',
];

/** A section of our own README is nowhere that a pager could lead to. */
const pageNote = ({ url }: Runbook): string[] =>
  url === null || /^https?:/.test(url)
    ? []
    : [
        'runbook_url names a section of the README that comes with ratelimit, which no pager can open. Say where your people read the runbook: a page under links in the context (links: { runbook: https://... }).',
      ];

/** The rules as a file of Prometheus, as `ratelimit/rules/v1`, or for a page. Ends with a newline. */
export function rulesText(shown: ShownRules, format: Format): string {
  const { runbook, rules, context, warnings, words } = shown;
  const written = rules.map((rule) => writtenRule(rule, shown));
  const name = `ratelimit-${runbook.name}`;
  const gaps = gapsOf(runbook);
  const notes = [...NOTES, ...pageNote(runbook)];
  if (format === 'json') {
    return toJson({
      schema: 'ratelimit/rules/v1',
      runbook: runbook.name,
      context,
      groups: [{ name, rules: written }],
      rules: rules.map(({ spec, signals }) => {
        return { id: spec.id, alert: spec.alert, signals, categories: spec.categories };
      }),
      notCovered: gaps,
      notes,
      warnings,
    });
  }
  const whose = `Alerting rules of runbook ${runbook.name} (${runbook.title})${context === null ? '' : `, context ${context}`}`;
  const missing = gaps.map(({ text, export: advice }) => (advice === null ? text : `${text} ${advice}`));
  const yaml = rulesYaml(name, written, [
    `${whose}.`,
    `Written by: ${showCommand(['ratelimit', 'rules', ...words])}`,
    'To check it: promtool check rules <this file>. To load it, name it under rule_files: of prometheus.yml.',
    ...listed('Warnings:', warnings),
    ...listed('Not covered:', missing),
    ...listed('To know:', notes),
  ]);
  if (format === 'human') return yaml;
  const rows = rules.map(({ spec, for: lasting, severity }) => [
    codeSpan(spec.alert, 120),
    codeSpan(spec.id, 200),
    lasting,
    escapeMarkdown(severity, 40),
    spec.categories.map((id) => codeSpan(id, 200)).join(', '),
  ]);
  const plain = rulesYaml(name, written, []).trimEnd();
  const fence = '`'.repeat(Math.max(3, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return markdownPage([
    `## ${literalMarkdown(whose)}`,
    '',
    ...markdownTable(['alert', 'rule', 'for', 'severity', 'may turn out to be'], rows),
    ...markdownList('Not covered', missing),
    ...markdownList('To know', notes),
    ...markdownList('Warnings', warnings),
    ...[`${fence}yaml`, plain, fence],
  ]);
}

const listed = (title: string, sentences: readonly string[]): string[] =>
  sentences.length === 0 ? [] : ['', title, ...sentences.map((sentence) => `- ${sentence}`)];

interface Gap {
  readonly categories: readonly string[];
  readonly text: string;
  /** What to export to change that; null where the runbook says nothing. */
  readonly export: string | null;
}

/** What cannot be alerted on by these rules: what the runbook says, and categories that none of them is about. */
function gapsOf(runbook: Runbook): Gap[] {
  const said = runbook['not-alerted'];
  const known = [...runbook.rules, ...said].flatMap(({ categories }) => categories);
  const rest = runbook.categories.map(({ id }) => id).filter((id) => !known.includes(id));
  return [
    ...said,
    ...(rest.length === 0
      ? []
      : [{ categories: rest, text: `No rule is about ${rest.join(', ')}.`, export: null }]),
  ];
}
