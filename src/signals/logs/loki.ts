import type { HttpTarget } from '../../config/types.ts';
import { namesOf } from '../../runbooks/logs-schema.ts';
import type { Clock } from '../asked.ts';
import { type Sample, successData, vectorIn } from '../prometheus/api.ts';
import { makeHttpClient } from '../prometheus/http.ts';
import { SourceError } from '../source-error.ts';
import { anyLines, counted, labelsOf, readable, streamSelector, withText } from './logql.ts';
import type { Group, LogQuestion, LogStore } from './store.ts';

/** Older lines of a stream are no sign that it is still written to, only that it exists. */
const STREAMS_SINCE_SECONDS = 24 * 3_600;

/** What is to be done about an answer that is too large. */
const WHEN_TOO_LARGE = 'name fewer streams in logs.selector';

/**
 * Loki by its HTTP API: https://grafana.com/docs/loki/latest/reference/loki-http-api/
 * @param signal aborts every request under way
 */
export function connectLoki(target: HttpTarget, signal: AbortSignal, clock: Clock): LogStore {
  const http = makeHttpClient(target, signal, clock.now, { whenTooLarge: WHEN_TOO_LARGE, saysInText: true });
  const lacks = new Set<string>();
  const vector = async (query: string): Promise<Sample[]> => {
    const { body } = await http.get('/loki/api/v1/query', { query });
    return vectorIn(successData(body, { lacks, who: 'Loki' }));
  };
  const number = async (query: string): Promise<number> => (await vector(query))[0]?.value ?? 0;
  return {
    name: `loki ${http.host}`,
    lacks,
    groups: async (question, most, of) => {
      const { by, mix: other } = labelled(question);
      const mix = of === 'entity' ? [] : other;
      return groupsIn(await vector(`topk(${most}, ${counted(question, [...by, ...mix])})`), by, mix);
    },
    whole: async (question) => {
      const { by } = labelled(question);
      const lines = number(counted(question, []));
      const distinct = by.length === 0 ? 0 : number(`count(${counted(question, by)})`);
      return { lines: await lines, distinct: await distinct };
    },
    looks: async (question) => {
      const { source } = question;
      const [lines, read, unnamed] = await Promise.all([
        number(withText(question)),
        number(readable(question)),
        source['both-named']
          ? number(counted({ ...question, source: { ...source, 'both-named': false } }, []))
          : 0,
      ]);
      return { lines, readable: read, unnamed };
    },
    life: async (question) => {
      if ((await number(anyLines(question))) > 0) return 'lines';
      const now = clock.now();
      const { body } = await http.get('/loki/api/v1/series', {
        'match[]': streamSelector(question.streams),
        start: String(now - STREAMS_SINCE_SECONDS * 1_000) + NANOSECONDS,
        end: String(now) + NANOSECONDS,
      });
      return streamsIn(body, lacks) > 0 ? 'streams' : 'none';
    },
    close: http.close,
  };
}

/** What makes milliseconds nanoseconds, in which Loki counts. */
const NANOSECONDS = '000000';

/** The labels that a question's fields get. */
function labelled({ source }: LogQuestion): { readonly by: string[]; readonly mix: string[] } {
  const labels = labelsOf(source);
  const of = (field: string | null) => namesOf(field, source).flatMap((name) => labels.get(name) ?? []);
  return { by: of(source.by), mix: of(source.mix) };
}

const groupsIn = (samples: readonly Sample[], by: readonly string[], mix: readonly string[]): Group[] =>
  samples.map(({ labels, value }) => {
    const first = (names: readonly string[]) =>
      names.map((name) => labels[name] ?? '').find((text) => text !== '');
    return { id: first(by) ?? '', mix: mix.length === 0 ? null : (first(mix) ?? ''), lines: value };
  });

function streamsIn(body: string, lacks: Set<string>): number {
  // A Loki without any such stream leaves out what it would list.
  const data = successData(body, { lacks, who: 'Loki' }) ?? [];
  if (!Array.isArray(data)) throw new SourceError('malformed', 'the answer is not a list of streams');
  return data.length;
}
