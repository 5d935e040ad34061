import { quote } from '../values/text.ts';
import { choicesOfItem, expandKey, expandSeries, templateOf } from './expand.ts';
import type { EndItem, Incident } from './schema.ts';
import { choicesIn, countOf, type DateOf } from './templates.ts';

export interface Dangling {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Larger ones are no incident but a load test. */
const MOST = { keys: 100_000, series: 20_000, growing: 2_000, lines: 100_000 } as const;

/** What is wrong with an incident does not depend on when it is. */
const SOME_DATE: DateOf = (form, back) => `{${form}-${back}}`;

/** What is wrong between the parts of an incident that is well formed. */
export function checkIncident(incident: Incident): Dangling[] {
  const problems: Dangling[] = [];
  const { keys, series, logs } = incident;
  const growing = keys.filter(({ grows }) => grows !== undefined);
  for (const [what, path, items] of [
    ['keys', 'keys', keys],
    ['growing', 'keys', growing],
    ['series', 'series', series],
  ] as const) {
    const count = items.reduce((sum, item) => sum + countOf(choicesOfItem(item)), 0);
    const which = what === 'growing' ? ' that grow' : '';
    const message = `${count}${which} are too many, at most ${MOST[what]} are possible`;
    if (count > MOST[what]) problems.push({ path: [path], message });
  }
  const lines = logs.reduce(
    (sum, item) => sum + countOf(choicesOfItem(item)) * Math.max(...[item.lines].flat()),
    0,
  );
  if (lines > MOST.lines) {
    const message = `${lines} lines are too many, at most ${MOST.lines} are possible`;
    problems.push({ path: ['logs'], message });
  }
  for (const what of ['keys', 'series'] as const) {
    incident[what].forEach((item, index) => {
      const message = strayChoice(item.until ?? [], choicesOfItem(item));
      if (message !== null) problems.push({ path: [what, index, 'until'], message });
    });
  }
  if (problems.length > 0) return problems;
  return [
    ...twice(
      'keys',
      incident.keys.map((item) => expandKey(item, SOME_DATE).map(({ name }) => name.toString('latin1'))),
    ),
    ...twice(
      'series',
      incident.series.map((item) =>
        expandSeries(item, SOME_DATE, 0).map(({ metric, labels }) => seriesId(metric, labels)),
      ),
    ),
  ];
}

/** A choice of `until` that the item itself does not have would have no value. */
function strayChoice(until: readonly EndItem[], own: readonly string[]): string | null {
  const texts = until.map(({ exists, above }) => exists ?? above?.key ?? '');
  const stray = texts.flatMap((text) => choicesIn(templateOf(text))).find((choice) => !own.includes(choice));
  return stray === undefined ? null : `{${stray}} must stand in the item's own key or labels too`;
}

const seriesId = (metric: string, labels: Readonly<Record<string, string>>): string =>
  `${metric}${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))}`;

/** Names (of keys, their bytes as latin1) that are given more than once, in one item or in several. */
function twice(what: 'keys' | 'series', items: readonly (readonly string[])[]): Dangling[] {
  const first = new Map<string, number>();
  return items.flatMap((names, index) => {
    const again = names.find((name) => first.size === first.set(name, first.get(name) ?? index).size);
    if (again === undefined) return [];
    return [
      {
        path: [what, index],
        message: `${quote(what === 'keys' ? Buffer.from(again, 'latin1').toString() : again)} is there already, by ${what}.${first.get(again)}`,
      },
    ];
  });
}
