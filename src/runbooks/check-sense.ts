import { nearestOrAll } from '../values/nearest.ts';
import { conditionsIn } from './conditions-in.ts';
import type { Runbook } from './schema.ts';

type Path = readonly (string | number)[];
type Report = (path: Path, message: string) => void;

/** Reports what refers to things that are there and cannot be meant: it would be judged, and never hold. */
export function checkSense(runbook: Runbook, report: Report): void {
  for (const [name, { unit, value }] of Object.entries(runbook.thresholds)) {
    if (unit.startsWith('share') && value !== null && value > 1) {
      const part = value <= 100 ? `, such as ${value / 100} for ${value}%` : '';
      report(
        ['thresholds', name, 'value'],
        `expected a part of 1, as its unit is ${unit}${part}, got ${value}`,
      );
    }
  }
  for (const [id, { unit, sources }] of Object.entries(runbook.signals)) {
    if (sources.some(({ kind }) => kind === 'prometheus-rate') && PER_LONGER.test(unit)) {
      report(['signals', id, 'unit'], `expected a unit per second, as prometheus-rate counts, got ${unit}`);
    }
  }
  checkConditions(runbook, report);
}

/** Per minute, hour or day. */
const PER_LONGER = /(?:\/|\bper ?)\s*(?:m|min|minute|h|hour|d|day)s?$/i;

function checkConditions(runbook: Runbook, report: Report): void {
  const { signals, thresholds, categories, abnormal, checks } = runbook;
  const nodes: readonly (readonly [unknown, Path])[] = [
    ...abnormal.map(({ when }, at) => [when, ['abnormal', at]] as const),
    ...Object.entries(checks).map(([name, { when }]) => [when, ['checks', name, 'when']] as const),
    ...categories.flatMap(({ when, 'sure-when': sure, caveats, checks: named }, at) => [
      [when, ['categories', at, 'when']] as const,
      [sure, ['categories', at, 'sure-when']] as const,
      ...caveats
        .slice(named.length)
        .map((caveat, own) => [caveat.when, ['categories', at, 'caveats', own, 'when']] as const),
    ]),
  ];
  for (const { key, value, path } of nodes.flatMap(([node, path]) => conditionsIn(node, path))) {
    const name = String(value.signal);
    const signal = Object.hasOwn(signals, name) ? signals[name] : undefined;
    if (signal === undefined) continue;
    const mixes = [
      ...new Set(signal.sources.flatMap((source) => ('mix' in source ? (source.mix ?? []) : []))),
    ];
    for (const [label, at] of labelsOf(value, [...path, key])) {
      if (mixes.includes(label)) continue;
      const known = mixes.length === 0 ? '; none of its sources has a `mix`' : nearestOrAll(label, mixes);
      report(at, `no source of signal "${name}" has mix: ${label}${known}`);
    }
    const least = typeof value['at-least'] === 'string' ? thresholds[value['at-least']] : undefined;
    const isRate = signal.sources.some(({ kind }) => kind === 'prometheus-rate');
    if (key === 'volume' && isRate && least !== undefined && PER_LONGER.test(least.unit)) {
      const message = `threshold "${String(value['at-least'])}" is in ${least.unit}, while signal "${name}" counts per second (${signal.unit})`;
      report([...path, key, 'at-least'], message);
    }
  }
}

/** The labels whose mix a condition asks for, and where it does. */
function labelsOf(value: Readonly<Record<string, unknown>>, path: Path): (readonly [string, Path])[] {
  const inside = ['mix', 'except'].flatMap((key) => {
    const part = value[key];
    const label: unknown = typeof part === 'object' && part !== null ? Reflect.get(part, 'label') : undefined;
    return typeof label === 'string' ? [[label, [...path, key, 'label']] as const] : [];
  });
  return typeof value.label === 'string' ? [[value.label, [...path, 'label']], ...inside] : inside;
}
