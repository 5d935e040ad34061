import type { AlertSource } from '../config/alert-source.ts';
import type { AlertRule } from '../config/schema.ts';
import type { PickedBy } from '../evidence/alert.ts';
import { LEADING_LABELS } from '../values/alert-labels.ts';
import { quote } from '../values/text.ts';

type Labels = Readonly<Record<string, string>>;

/** A runbook that an alert may lead to, and the alerts that page for it. */
export interface KnownRunbook {
  /** A name, or the path that a context of the configuration has. */
  readonly name: string;
  readonly alerts: readonly string[];
  /** Can it be asked for by name? A label is never a path. */
  readonly isNamed: boolean;
}

/** All that may decide where an alert leads. Nothing else does: what an alert says is a choice among these, or nothing. */
export interface Known
  extends Pick<
    AlertSource,
    'context' | 'isContextGiven' | 'connectedBy' | 'givenRunbook' | 'rules' | 'runbookOf' | 'defaultRunbook'
  > {
  readonly runbooks: readonly KnownRunbook[];
}

/** Where an alert leads. */
export interface Lead {
  /** null: the context in use. */
  readonly context: string | null;
  /** null: the runbook that is in use in that context. */
  readonly runbook: string | null;
  /** The context and the runbook that it comes to. */
  readonly target: readonly [context: string | null, runbook: string];
  readonly by: { readonly context: PickedBy; readonly runbook: PickedBy };
  /** Does a rule, a label or a runbook know this alert? */
  readonly isOurs: boolean;
  /** The context that it is about, where another one was named for this run. */
  readonly elsewhere: string | null;
  readonly warnings: readonly string[];
}

/** A label's value; '' without it, as in Alertmanager's own matchers. */
export const labelOf = (labels: Labels, name: string): string =>
  Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';

/**
 * Where an alert leads: what was named for this run, else the first rule that matches, else its labels where they are
 * exactly the name of a context or of a runbook, else the runbook that lists the alert, else what is in use.
 */
export function leadOf(labels: Labels, known: Known): Lead {
  const warnings: string[] = [];
  const name = labelOf(labels, 'alertname');
  const rule = known.rules.find(({ match }) => matches(labels, match));
  const says = {
    context: named(labels, LEADING_LABELS.context, [...known.runbookOf.keys()], 'context', warnings),
    runbook: named(labels, LEADING_LABELS.runbook, namesIn(known), 'runbook', warnings),
  };
  const context = unlessSame(contextFor(rule, says.context, known, warnings), known.context);
  const inUse = context.value ?? known.context;
  const usual = known.givenRunbook ?? runbookIn(inUse, known);
  const runbook = unlessSame(runbookFor(rule, says.runbook, usual, name, known, warnings), usual);
  const about = rule?.context ?? says.context;
  return {
    target: [inUse, runbook.value ?? usual],
    ...{ context: context.value, runbook: runbook.value, by: { context: context.by, runbook: runbook.by } },
    isOurs:
      rule !== undefined ||
      Object.values(LEADING_LABELS).some((label) => labelOf(labels, label) !== '') ||
      known.runbooks.some(({ alerts }) => alerts.includes(name)),
    elsewhere: known.isContextGiven && about !== null && about !== known.context ? about : null,
    warnings,
  };
}

const runbookIn = (context: string | null, { runbookOf, defaultRunbook }: Known): string =>
  (context === null ? undefined : runbookOf.get(context)) ?? defaultRunbook;

const matches = (labels: Labels, match: AlertRule['match']): boolean =>
  Object.entries(match).every(([label, value]) => labelOf(labels, label) === value);

const namesIn = ({ runbooks }: Known): string[] =>
  runbooks.flatMap(({ name, isNamed }) => (isNamed ? [name] : []));

/** What a label names; null when it says nothing, or nothing that there is. */
function named(
  labels: Labels,
  label: string,
  names: readonly string[],
  what: string,
  warnings: string[],
): string | null {
  const value = labelOf(labels, label);
  if (value === '') return null;
  if (names.includes(value)) return value;
  warnings.push(`the label ${label} is ignored: ${quote(value)} is not the name of a ${what} here`);
  return null;
}

interface Chosen {
  readonly value: string | null;
  readonly by: PickedBy;
}

/** What is in use anyway is nobody's choice, and need not be named again. */
const unlessSame = (chosen: Chosen, usual: string | null): Chosen =>
  chosen.value === usual ? { value: null, by: chosen.by === 'given' ? 'given' : 'default' } : chosen;

function contextFor(
  rule: AlertRule | undefined,
  label: string | null,
  { context, isContextGiven, connectedBy }: Known,
  warnings: string[],
): Chosen {
  const about = rule?.context ?? label;
  if (isContextGiven) return { value: null, by: 'given' };
  if (about === null) return { value: null, by: 'default' };
  if (connectedBy !== null && about !== context) {
    // The URLs would stand for the systems of that context.
    warnings.push(
      `the alert is about context ${quote(about)}, which is not triaged: ${connectedBy} names a system`,
    );
    return { value: null, by: 'given' };
  }
  return { value: about, by: rule?.context === undefined ? 'label' : 'rule' };
}

function runbookFor(
  rule: AlertRule | undefined,
  label: string | null,
  usual: string,
  alert: string,
  known: Known,
  warnings: string[],
): Chosen {
  if (known.givenRunbook !== null) return { value: null, by: 'given' };
  if (rule?.runbook !== undefined) return { value: rule.runbook, by: 'rule' };
  if (label !== null) return { value: label, by: 'label' };
  const listing = known.runbooks.filter(({ alerts }) => alerts.includes(alert));
  // One that is in use already has the first say; another context's own file has none.
  if (listing.some(({ name }) => name === usual)) return { value: null, by: 'default' };
  const [first, ...others] = listing.filter(({ isNamed }) => isNamed);
  if (first === undefined) return { value: null, by: 'default' };
  if (others.length === 0) return { value: first.name, by: 'list' };
  const names = [first, ...others].map(({ name }) => name).join(', ');
  warnings.push(`several runbooks list ${quote(alert)} (${names}): --runbook says which`);
  return { value: null, by: 'default' };
}
