import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expand } from '../../src/incidents/expand.ts';
import { recordSeries } from '../../src/incidents/openmetrics.ts';
import type { Incident } from '../../src/incidents/schema.ts';
import { clock } from './collecting.ts';
import { runTool } from './processes.ts';

/** Seconds between two samples. */
const STEP = 60;
/** Seconds between two evaluations: promtool makes them all from the first sample on, which is what takes its time. */
const EVALUATION = 300;
/** How long before its moment an incident is played from, seconds: so that it begins with what was a day or a week ago. */
const BEFORE = { minutes: 660, day: 86_400 + 660, week: 604_800 + 660 } as const;
/** How long an incident goes on before it is looked at, seconds: `for` must have passed, whatever began just now. */
const AFTER = 540;

/** A query at the end of an incident, and what it must answer. */
interface Expected {
  readonly expr: string;
  readonly exp_samples: readonly { readonly labels: string; readonly value: number }[];
}

/** https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ */
interface Group {
  readonly name: string;
  readonly interval: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly promql_expr_test: readonly object[];
  readonly alert_rule_test?: readonly object[];
}

/**
 * A test of rules on what an incident leaves in Prometheus, which goes on for nine minutes as it is.
 * @param past how much of the past matters; a day takes seventy times as long as minutes
 * @param alerts what promtool compares label by label and text by text
 */
export function incidentGroup(
  name: string,
  incident: Incident,
  expected: readonly Expected[],
  {
    past = 'minutes',
    alerts = [],
  }: { readonly past?: keyof typeof BEFORE; readonly alerts?: readonly object[] } = {},
): Group {
  const before = BEFORE[past];
  const at = `${(before + AFTER) / STEP}m`;
  return {
    name,
    interval: `${STEP}s`,
    input_series: inputSeries(incident, before),
    promql_expr_test: expected.map((one) => ({ ...one, eval_time: at })),
    ...(alerts.length === 0 ? {} : { alert_rule_test: alerts.map((one) => ({ ...one, eval_time: at })) }),
  };
}

/** An incident's series as promtool reads them: a value a step, `_` where there is none. */
function inputSeries(incident: Incident, before: number): Group['input_series'] {
  const now = 1_780_000_020;
  const situation = expand(incident, { nowMs: now * 1_000, clock });
  const recorded = recordSeries(situation, { now, step: STEP, ahead: AFTER + STEP });
  return recorded.map(({ id, points }) => {
    const values: (number | null)[] = Array.from({ length: (before + AFTER) / STEP + 2 }, () => null);
    for (const [time, value] of points) {
      const index = Math.round((time - now + before) / STEP);
      if (index >= 0 && index < values.length) values[index] = value;
    }
    return { series: id, values: runLengths(values) };
  });
}

/** `_x3 1 2 2`. */
function runLengths(values: readonly (number | null)[]): string {
  const words: string[] = [];
  for (let at = 0; at < values.length; ) {
    let end = at + 1;
    const value = values[at] ?? null;
    if (value === null) while (end < values.length && values[end] === null) end++;
    words.push(value === null ? `_x${end - at}` : String(value));
    at = end;
  }
  return words.join(' ');
}

/** `promtool check rules`; throws with its output when it objects. */
export async function checkRules(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await runTool('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', ...Object.keys(files)], folder);
}

/**
 * `promtool test rules` in one process; throws with what did not come out as expected.
 * @param evaluation seconds between two evaluations
 */
export async function testRules(
  folder: string,
  rules: string,
  groups: readonly Group[],
  evaluation = EVALUATION,
): Promise<void> {
  await writeFile(join(folder, 'tested.rules.yml'), rules);
  // JSON is YAML.
  await writeFile(
    join(folder, 'tests.yml'),
    JSON.stringify({
      rule_files: ['tested.rules.yml'],
      evaluation_interval: `${evaluation}s`,
      tests: groups,
    }),
  );
  await runTool('promtool', ['test', 'rules', 'tests.yml'], folder);
}
