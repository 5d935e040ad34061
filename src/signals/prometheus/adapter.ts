import type { Adapter, Answer } from '../../evidence/collect.ts';
import { closeFrom } from '../../evidence/limits.ts';
import type { Reading, Reset } from '../../evidence/types.ts';
import type { Asked } from '../asked.ts';
import { SourceError } from '../source-error.ts';
import { answered, answeredLater } from './answer.ts';
import { bounded, readCount } from './count.ts';
import { readExcess } from './excess.ts';
import { type HttpClient, makeHttpClient } from './http.ts';
import type { Uniting } from './join.ts';
import { readQuery, TOP_OWN } from './own-query.ts';
import type { Held, Question } from './question.ts';
import { rateReading, readRate } from './rate.ts';
import { isByTarget, keptRows, readAge, readGauge, TOP_PROCESSES } from './read.ts';
import { readFrom, readFromAll, type Said } from './several.ts';
import { namesIn, readSteps, stepsOf } from './sustained.ts';

/** Reads all of a runbook's Prometheus sources at once, each on its own: one that fails leaves the others be. */
export const readPrometheus: Adapter = async (asked, { config, runbook, windowSeconds, clock, signal }) => {
  const clients = config.prometheus.map((target) => makeHttpClient(target, signal, clock.now));
  const startedAt = clock.now();
  const { queries } = config;
  const sources = asked.map(({ source }) => source);
  const after = (seconds: number): Reset => ({
    at: clock.iso(startedAt + seconds * 1_000),
    inSeconds: seconds,
  });
  const courses = new Map<string, ReturnType<typeof readSteps>>();
  const answerTo = async (one: Asked): Promise<Answer> => {
    const way = wayOf(one, { runbook, kind: one.kind, windowSeconds, sources, queries, after });
    return answered(one, await readWith(way, clients), clock.now() - startedAt);
  };
  const begun = new Map<Asked, Promise<Answer>>();
  // Whose limits a sustained breach is looked for in, is read once for both.
  const readOnce = (one: Asked): Promise<Answer> => {
    const answer = begun.get(one) ?? answerTo(one);
    begun.set(one, answer);
    return answer;
  };
  const ofSignal = (signal: string) =>
    asked.filter((one) => one.signal === signal && one.source.kind !== 'prometheus-sustained');
  try {
    const answers = asked.map(async (one): Promise<Answer> => {
      const { source } = one;
      if (source.kind !== 'prometheus-sustained') return readOnce(one);
      const grid = stepsOf(source, startedAt);
      // Several ratios are looked for in the same course.
      const name = JSON.stringify([source.of, grid]);
      const named = async () => namesIn(await Promise.all(ofSignal(source.of).map(readOnce)));
      const reading = courses.get(name) ?? readSteps(source, runbook, clients, grid, named);
      courses.set(name, reading);
      return answeredLater({ ...one, source }, await reading, grid, runbook, clock.now() - startedAt);
    });
    return await Promise.all(answers);
  } finally {
    for (const client of clients) client.close();
  }
};

/** How one source is read: asked of one Prometheus, made one of several answers, and cut to what is kept. */
interface Way {
  readonly ask: (asked: Pick<Question, 'http' | 'isOneOfSeveral' | 'without'>) => Promise<Held>;
  readonly uniting: Uniting;
  readonly finish: (held: Held) => Reading;
}

function wayOf(
  { signal, source, kind }: Asked,
  fixed: Omit<Question, 'http' | 'isOneOfSeveral' | 'without'>,
): Way {
  const by = (value: Uniting['value'], same: Uniting['same']): Uniting => ({ value, same });
  switch (source.kind) {
    case 'prometheus-rate':
      return {
        ask: (more) => readRate(source, { ...fixed, ...more }),
        uniting: by('sum', 'name'),
        finish: (held) =>
          rateReading(source, kind, held, closeFrom(signal, fixed.runbook, fixed.windowSeconds)),
      };
    case 'prometheus-excess':
      return {
        ask: (more) => readExcess(source, { ...fixed, ...more }),
        uniting: by('sum', 'name'),
        finish: ({ reading }) => keptRows(reading, 'largest', TOP_PROCESSES),
      };
    case 'prometheus-count':
      return {
        ask: (more) => readCount(source, { ...fixed, ...more }),
        uniting: by('sum', 'name'),
        finish: ({ reading }) => bounded(keptRows(reading, 'largest', TOP_PROCESSES)),
      };
    case 'prometheus-gauge': {
      const first = source.first === 'smallest' ? 'smallest' : 'largest';
      return {
        ask: (more) => readGauge(source, { ...fixed, ...more }),
        uniting: by(isByTarget(source) || first === 'smallest' ? first : 'sum', 'name-and-mix'),
        finish: ({ reading }) => keptRows(reading, first, TOP_PROCESSES),
      };
    }
    case 'prometheus-age':
      return {
        ask: (more) => readAge(source, { ...fixed, ...more }),
        uniting: by('smallest', 'name-and-mix'),
        finish: ({ reading }) => keptRows(reading, 'smallest', TOP_PROCESSES),
      };
    case 'prometheus-query': {
      const first = source.reads === 'time' ? 'smallest' : 'largest';
      return {
        ask: (more) => readQuery(source, { ...fixed, ...more }),
        // What the operator's own query adds up is not known, so neither is what two answers share.
        uniting: by(first, 'name'),
        finish: ({ reading }) => keptRows(reading, first, TOP_OWN),
      };
    }
    default:
      throw new SourceError('malformed', `${source.kind} is not a source in Prometheus`);
  }
}

async function readWith(
  { ask, uniting, finish }: Way,
  clients: readonly HttpClient[],
): Promise<Said<Reading>> {
  const [only] = clients;
  const isOneOfSeveral = clients.length > 1;
  const { held, missing } =
    isOneOfSeveral || only === undefined
      ? await readFromAll(clients, (http, without) => ask({ http, isOneOfSeveral, without }), uniting)
      : await readFrom(only, (http) => ask({ http, isOneOfSeveral, without: [] }));
  return { held: held === null ? null : finish(held), missing };
}
