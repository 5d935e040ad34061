import type { Clock } from '../signals/asked.ts';
import { parseDuration } from '../values/duration.ts';
import type { EndItem, Incident, KeyItem, LogItem, SeriesItem } from './schema.ts';
import {
  type Binding,
  bindingsOf,
  choicesIn,
  type DateOf,
  datesAt,
  fill,
  parseTemplate,
  type Template,
} from './templates.ts';
import { spansOf } from './timeline.ts';
import type { End, KeyState, LogState, SeriesState, Situation } from './types.ts';

/** When an incident is: what its dates and start times are counted from. */
export interface Moment {
  /** Milliseconds since the epoch, by the clock of the system that is to hold it. */
  readonly nowMs: number;
  readonly clock: Pick<Clock, 'iso'>;
}

/**
 * Makes an incident concrete. Each item becomes as many keys or series as its texts have combinations: different
 * choices multiply, the same choice is the same throughout the item, and lists of numbers are taken in turn.
 */
export function expand({ keys, series, logs }: Incident, { nowMs, clock }: Moment): Situation {
  const dateOf = datesAt(nowMs, clock);
  return {
    keys: keys.flatMap((item) => expandKey(item, dateOf)),
    series: series.flatMap((item) => expandSeries(item, dateOf, nowMs / 1_000)),
    logs: logs.flatMap((item) => expandLog(item, dateOf)),
  };
}

/** A text of a parsed incident. */
export function templateOf(text: string): Template {
  const template = parseTemplate(text);
  if (typeof template === 'string') throw new Error(`${text}: ${template}`);
  return template;
}

/** The choices of an item, in the order in which they multiply. */
export const choicesOfItem = (item: KeyItem | SeriesItem | LogItem): string[] => {
  const own =
    'stream' in item
      ? [...Object.values(item.stream), ...Object.values(item.fields)]
      : 'metric' in item
        ? Object.values(item.labels)
        : [item.key ?? ''];
  return [...new Set(own.flatMap((text) => choicesIn(templateOf(text))))];
};

export function expandKey(item: KeyItem, dateOf: DateOf): KeyState[] {
  return bindingsOf(choicesOfItem(item)).map((binding, index): KeyState => {
    const text = (template: string) => fill(templateOf(template), binding, dateOf);
    const ttl = inTurn(item.ttl, index);
    return {
      name: item.hex === undefined ? Buffer.from(text(item.key ?? '')) : Buffer.from(item.hex, 'hex'),
      value: item.hash === undefined ? String(inTurn(item.value, index) ?? '') : textsOf(item.hash),
      ttlSeconds: ttl === undefined ? null : (parseDuration(ttl) ?? 0),
      growth:
        item.grows === undefined
          ? null
          : {
              perSecond: item.grows,
              renewed: item.renewed,
              atMost: item['at-most'] ?? null,
              until: endsOf(item.until, binding, dateOf),
            },
    };
  });
}

/** @param nowSeconds since the epoch */
export function expandSeries(item: SeriesItem, dateOf: DateOf, nowSeconds: number): SeriesState[] {
  const started = item.started;
  return bindingsOf(choicesOfItem(item)).map((binding, index): SeriesState => {
    const ago = parseDuration(inTurn(started, index) ?? '') ?? 0;
    const own = inTurn(item['per-second'], index) ?? inTurn(item.value, index) ?? 0;
    return {
      metric: item.metric,
      labels: Object.fromEntries(
        Object.entries(item.labels).map(([name, text]) => [name, fill(templateOf(text), binding, dateOf)]),
      ),
      kind: item['per-second'] === undefined ? 'gauge' : 'counter',
      spans: spansOf(item, started === undefined ? own : nowSeconds - ago),
      until: endsOf(item.until, binding, dateOf),
    };
  });
}

function expandLog(item: LogItem, dateOf: DateOf): LogState[] {
  const over = parseDuration(item.over) ?? 0;
  return bindingsOf(choicesOfItem(item)).map((binding, index): LogState => {
    const filled = (texts: Readonly<Record<string, string>>) =>
      Object.fromEntries(
        Object.entries(texts).map(([name, text]) => [name, fill(templateOf(text), binding, dateOf)]),
      );
    const every = over / (inTurn(item.lines, index) ?? 1);
    const { format } = item;
    return {
      stream: filled(item.stream),
      fields: filled(item.fields),
      format,
      from: every / 2 - over,
      every,
    };
  });
}

function endsOf(until: readonly EndItem[] = [], binding: Binding, dateOf: DateOf): End[] {
  return until.map(({ exists, above }) => ({
    key: Buffer.from(fill(templateOf(exists ?? above?.key ?? ''), binding, dateOf)),
    above: above?.value ?? null,
  }));
}

const inTurn = <Item>(value: Item | readonly Item[] | undefined, index: number): Item | undefined =>
  Array.isArray(value) ? (value as readonly Item[])[index % value.length] : (value as Item | undefined);

const textsOf = (hash: Readonly<Record<string, string | number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(hash).map(([field, value]) => [field, String(value)]));
