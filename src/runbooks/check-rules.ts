import { nearest } from '../values/nearest.ts';
import { placesIn } from './promql-text.ts';
import { entityLabels, ratedSources } from './rules.ts';
import type { RuleCondition } from './rules-schema.ts';
import type { Runbook } from './schema.ts';

type Path = readonly (string | number)[];

interface Reporting {
  readonly expect: (kind: 'signal' | 'category', name: unknown, path: Path) => void;
  /** That the threshold exists and is a number. */
  readonly number: (name: unknown, path: Path) => void;
  readonly report: (path: Path, message: string) => void;
}

/** Places of a text beside the thresholds. */
const TEXT_PLACES = ['entity', 'value', 'window', 'for'];

/** Reports every name of an alerting rule that refers to nothing, and what no expression can be made of. */
export function checkRules(runbook: Runbook, reporting: Reporting): void {
  const { rules, alerts } = runbook;
  const { expect, report } = reporting;
  for (const [index, rule] of rules.entries()) {
    const path = ['rules', index];
    if (rules.findIndex(({ id }) => id === rule.id) !== index) {
      report([...path, 'id'], `there are two rules "${rule.id}"`);
    }
    // By its alerts a runbook is found when one of them fires.
    if (!alerts.includes(rule.alert)) {
      const message = `"${rule.alert}" is not among the runbook's alerts${nearest(rule.alert, alerts)}`;
      report([...path, 'alert'], message);
    }
    for (const [at, name] of rule.categories.entries()) expect('category', name, [...path, 'categories', at]);
    for (const [at, name] of rule.signals.entries()) expect('signal', name, [...path, 'signals', at]);
    for (const name of entityLabels(rule, runbook)) {
      if (Object.hasOwn(rule.labels, name)) {
        report([...path, 'labels', name], 'this label says already what the alert is about');
      }
    }
    if (rule.when !== null) checkCondition(rule.when, [...path, 'when'], runbook, reporting);
    if (rule.expr !== null)
      checkPlaces(placesIn(rule.expr), ['window'], [...path, 'expr'], runbook, reporting);
    for (const key of ['summary', 'description'] as const) {
      const text = rule[key] ?? '';
      checkPlaces(textPlaces(text), TEXT_PLACES, [...path, key], runbook, reporting);
      // Two braces would begin a template of Prometheus.
      if (/[{}]/.test(text.replaceAll(PLACE, ''))) {
        report([...path, key], 'expected every brace to be that of a place, such as {value}');
      }
    }
  }
  for (const [index, { categories }] of runbook['not-alerted'].entries()) {
    for (const [at, name] of categories.entries())
      expect('category', name, ['not-alerted', index, 'categories', at]);
  }
}

const PLACE = /\{([^{}]*)\}/g;

const textPlaces = (text: string): string[] => [...text.matchAll(PLACE)].map(([, name = '']) => name);

function checkCondition(
  when: RuleCondition,
  path: Path,
  { signals }: Runbook,
  { expect, number, report }: Reporting,
): void {
  expect('signal', when.signal, [...path, 'signal']);
  number(when['at-least'], [...path, 'at-least']);
  number(when.each, [...path, 'each']);
  number(when.unusual?.['at-least'], [...path, 'unusual', 'at-least']);
  number(when.unusual?.times, [...path, 'unusual', 'times']);
  const signal = Object.hasOwn(signals, when.signal) ? signals[when.signal] : undefined;
  if (signal === undefined) return;
  const sources = ratedSources(signal);
  if (sources.length === 0) {
    const message = `signal "${when.signal}" has no source of kind prometheus-rate or prometheus-gauge that a rule can be made of; say in not-alerted what is missing, or write an expr`;
    report([...path, 'signal'], message);
  } else if (when.of !== 'all' && sources.some(({ by }) => by === null)) {
    report([...path, 'of'], `signal "${when.signal}" has a source without \`by\`: expected of: all`);
  } else if (when.of === 'limit' && signal.limits === null) {
    report([...path, 'of'], `signal "${when.signal}" names no table of \`limits\`, which this needs`);
  }
}

function checkPlaces(
  names: readonly string[],
  places: readonly string[],
  path: Path,
  { thresholds }: Runbook,
  { number, report }: Reporting,
): void {
  const known = Object.keys(thresholds);
  for (const name of names) {
    if (places.includes(name)) continue;
    if (known.includes(name)) number(name, path);
    else
      report(
        path,
        `there is no place {${name}}; places: ${braced(places)} and thresholds${nearest(name, known)}`,
      );
  }
}

const braced = (places: readonly string[]): string => places.map((place) => `{${place}}`).join(' ');
