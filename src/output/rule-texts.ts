import type { AlertingRule } from '../runbooks/rules.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { LEADING_LABELS } from '../values/alert-labels.ts';
import { showCommand } from './lines.ts';

/** A rule as Prometheus's file has it. */
export interface WrittenRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Whose rules they are, and what a command needs to be on the same systems. */
export interface RuleReach {
  readonly runbook: Runbook;
  /** Is the runbook found by its name? One that is found by its path is no name that an alert may lead to. */
  readonly isNamed: boolean;
  /** null: no context is in use. */
  readonly context: string | null;
  /** Words of a command: the configuration file, the context, the runbook. */
  readonly words: readonly string[];
}

/** The rule with its labels and annotations. Both are templates of Prometheus; only what a rule measures is filled there. */
export function writtenRule(
  rule: AlertingRule,
  { runbook, isNamed, context, words }: RuleReach,
): WrittenRule {
  const { spec, severity } = rule;
  const annotations = {
    summary: filled(spec.summary, rule, runbook),
    ...(spec.description === null ? {} : { description: filled(spec.description, rule, runbook) }),
    ...(runbook.url === null ? {} : { runbook_url: literal(runbook.url) }),
    command: literal(showCommand(['ratelimit', 'triage', '--alert', spec.alert, ...words])),
  };
  const labels = {
    ...spec.labels,
    severity,
    ...(isNamed ? { [LEADING_LABELS.runbook]: runbook.name } : {}),
    ...(context === null ? {} : { [LEADING_LABELS.context]: context }),
    ratelimit_rule: spec.id,
  };
  return {
    alert: spec.alert,
    expr: rule.expr,
    for: rule.for,
    labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, literal(value)])),
    annotations,
  };
}

/** A text that a template of Prometheus renders as it is. */
const literal = (text: string): string => text.replaceAll('{{', '{{"{{"}}');

/** Prometheus humanizes 0.27 as `270m`, which reads as millions. */
const VALUE = '{{ if lt $value 1.0 }}{{ printf "%.2g" $value }}{{ else }}{{ $value | humanize }}{{ end }}';

function filled(text: string, rule: AlertingRule, runbook: Runbook): string {
  const places: Readonly<Record<string, string>> = {
    entity: entityOf(rule),
    value: VALUE,
    window: rule.window,
    for: rule.for,
  };
  // Braces that are no place are refused when the runbook is read.
  return text.replaceAll(/\{([^{}]*)\}/g, (place, name: string) =>
    Object.hasOwn(places, name) ? (places[name] ?? place) : (numberIn(runbook, name) ?? place),
  );
}

/** A threshold by its name; null where there is none. */
function numberIn({ thresholds }: Runbook, name: string): string | null {
  const value = Object.hasOwn(thresholds, name) ? (thresholds[name]?.value ?? null) : null;
  return value === null ? null : String(value);
}

/**
 * `tenant "acme"`. Values of labels come out of a system, so they are quoted as Go does, which leaves nothing in them
 * that a pager would obey.
 */
function entityOf({ by, spec }: AlertingRule): string {
  const shown = (label: string) => `${label} {{ printf "%q" $labels.${label} }}`;
  const [first] = by;
  if (first === undefined) return 'all together';
  if (spec.when === null) return by.map(shown).join(', ');
  // Of a signal with several kinds of entities, an alert is about one.
  const cases = by.map((label) => `if $labels.${label} }}${shown(label)}`);
  return `{{ ${cases.join('{{ else ')}{{ else }}no ${first}{{ end }}`;
}
