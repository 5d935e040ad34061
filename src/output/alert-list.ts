import type { Lead } from '../alerts/lead.ts';
import type { Alert, AlertInstance } from '../evidence/alert.ts';
import { alertJson, alertText, showLabel } from './alert-text.ts';
import { escapeText, literalMarkdown } from './escape.ts';
import { toJson } from './json.ts';
import { linesOf, type Screen, showCommand, someOf, warningLines } from './lines.ts';
import type { Format } from './lists.ts';
import { markdownList, markdownPage } from './markdown.ts';
import { quoteCommand } from './quote.ts';
import { showSeconds } from './times.ts';
import { wrap } from './wrap.ts';

/** Alerts that may be triaged together, among others. */
export interface Choice {
  readonly alert: Alert;
  /** null: the context and the runbook in use. */
  readonly context: string | null;
  readonly runbook: string | null;
  /** How to triage one of them. */
  readonly commandFor: (fingerprint: string) => readonly string[];
  /** In a menu. Not escaped: the menu does that. */
  readonly line: string;
}

/** @param reach words that make the same Alertmanager be asked */
export function choiceOf(
  alert: Alert,
  { context, runbook }: Lead,
  { reach }: { readonly reach: readonly string[] },
): Choice {
  const { facts } = alertText(alert);
  const count = alert.instanceCount > 1 ? `, ${alert.instanceCount} instances` : '';
  const since = showSeconds(alert.firingForSeconds ?? 0);
  const leads = [
    ...(context === null ? [] : [`context ${context}`]),
    ...(runbook === null ? [] : [`runbook ${runbook}`]),
  ];
  return {
    ...{ alert, context, runbook },
    commandFor: (fingerprint) => ['ratelimit', 'triage', '--alert', fingerprint, ...reach],
    line: [`${escapeText(alert.name ?? '', 80)} for ${since}${count}`, ...leads, ...facts.slice(0, 1)].join(
      '; ',
    ),
  };
}

/** Several alerts, of which one is to be chosen. */
export interface AlertList {
  /** The Alertmanager that was asked. */
  readonly source: string;
  readonly wanted: string | null;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly choices: readonly Choice[];
  readonly warnings: readonly string[];
}

/** Alerts of one name that are spelt out for people; all of them, as far as they are kept, are in the JSON. */
const SPELT = 10;

/** The alerts that may be meant, `ratelimit/alerts/v1`, each with the command that triages it. Ends with a newline. */
export function alertsText(list: AlertList, format: Format, screen: Screen): string {
  if (format === 'json') return alertsJson(list);
  const title = titleOf(list);
  if (format === 'markdown') {
    return markdownPage([
      title,
      '',
      ...list.choices.flatMap(markdownOf),
      ...markdownList('Warnings', list.warnings),
    ]);
  }
  const { paint, width } = screen;
  const blocks = list.choices.flatMap((choice) => {
    const { title: name, facts, remarks } = alertText(choice.alert);
    return [
      '',
      paint.strong(wrap(name, width, '  ')),
      ...[...facts, ...leadsTo(choice)].map((fact) => wrap(`  - ${fact}`, width, '    ')),
      ...remarks.map((remark) => wrap(`  ! ${remark}`, width, '    ')),
      ...spelt(choice).flatMap(({ words, about }) => [
        ...(about === '' ? [] : [wrap(`  ${about}`, width, '    ')]),
        `     ${paint.name(showCommand(words))}`,
      ]),
    ];
  });
  return linesOf([
    title,
    ...blocks,
    ...(list.warnings.length > 0 ? [''] : []),
    ...warningLines(list.warnings, screen),
  ]);
}

/** How many there are, and that one is to be named. */
export function titleOf({ choices }: AlertList): string {
  const count = choices.reduce((sum, { alert }) => sum + alert.instanceCount, 0);
  return `${count} alerts fire that may be meant. Say which one:`;
}

/** The instances with their commands; all that differs between them says which is which. */
export function spelt({
  alert,
  commandFor,
}: Choice): { readonly words: readonly string[]; readonly about: string }[] {
  return alert.instances
    .slice(0, SPELT)
    .map((one) => ({ words: commandFor(one.fingerprint), about: aboutInstance(one, alert) }));
}

function aboutInstance({ labels, state }: AlertInstance, alert: Alert): string {
  const own = Object.entries(labels).map(showLabel);
  if (alert.instanceCount === 1) return '';
  const quiet = state === 'suppressed' && alert.state === 'active' ? ['suppressed'] : [];
  return [...(own.length > 0 ? [someOf(own, 4)] : []), ...quiet].join(', ');
}

/** Where an alert would lead that is not what is in use. */
export const leadsTo = ({ context, runbook, alert }: Choice): string[] => [
  ...(context === null ? [] : [`leads to context ${escapeText(context, 128)}`]),
  ...(runbook === null ? [] : [`leads to runbook ${escapeText(runbook, 200)}`]),
  ...(alert.instanceCount > SPELT
    ? [`the ${SPELT} that fire longest are listed, of ${alert.instanceCount}`]
    : []),
];

function markdownOf(choice: Choice): string[] {
  const { title, facts, remarks } = alertText(choice.alert);
  const items = [...facts, ...leadsTo(choice), ...remarks];
  return [
    `**${literalMarkdown(title)}**`,
    '',
    ...items.map((item) => `- ${literalMarkdown(item)}`),
    ...(items.length > 0 ? [''] : []),
    ...['```sh', ...spelt(choice).map(({ words }) => showCommand(words)), '```', ''],
  ];
}

const alertsJson = ({ source, wanted, at, choices, warnings }: AlertList): string =>
  toJson({
    schema: 'ratelimit/alerts/v1',
    ...{ at, source, wanted },
    alerts: choices.map(({ alert, context, runbook, commandFor }) => ({
      ...alertJson(alert),
      instances: alert.instances.map((one) => ({
        ...one,
        command: quoteCommand(commandFor(one.fingerprint)),
      })),
      ...{ context, runbook },
    })),
    warnings,
  });
