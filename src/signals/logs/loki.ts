import type { HttpTarget } from '../../config/types.ts';
import { namesOf } from '../../runbooks/logs-schema.ts';
import type { Clock } from '../asked.ts';
import { type Sample, successData, vectorIn } from '../prometheus/api.ts';
import { type HttpClient, makeHttpClient } from '../prometheus/http.ts';
import { SourceError } from '../source-error.ts';
import { anyLines, counted, labelsOf, readable, streamSelector, withText } from './logql.ts';
import type { Group, LogQuestion, LogStore } from './store.ts';

/** Older lines of a stream are no sign that it is still written to, only that it exists. */
const STREAMS_SINCE_SECONDS = 24 * 3_600;

/** What is to be done about an answer that is too large, and that it says in plain text why it refuses. */
const MANNERS = { whenTooLarge: 'name fewer streams in logs.selector', saysInText: true };

/** @param signal aborts every request under way */
export const lokiClient = (target: HttpTarget, signal: AbortSignal, now: Clock['now']): HttpClient =>
  makeHttpClient(target, signal, now, MANNERS);

/**
 * Loki by its HTTP API: https://grafana.com/docs/loki/latest/reference/loki-http-api/
 * @param signal aborts every request under way
 */
export function connectLoki(target: HttpTarget, signal: AbortSignal, clock: Clock): LogStore {
  const http = lokiClient(target, signal, clock.now);
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
      return (await streamsOf(http, question.streams, { now: clock.now(), lacks })) > 0 ? 'streams' : 'none';
    },
    close: http.close,
  };
}

/** What makes milliseconds nanoseconds, in which Loki counts. */
const NANOSECONDS = '000000';

/** The time in which streams are looked for. @param now milliseconds since the epoch */
const ofLate = (now: number) => ({
  start: String(now - STREAMS_SINCE_SECONDS * 1_000) + NANOSECONDS,
  end: String(now) + NANOSECONDS,
});

interface Since {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly lacks: Set<string>;
}

/** How many streams with these labels have had a line of late. */
export async function streamsOf(
  http: HttpClient,
  streams: Readonly<Record<string, string>>,
  { now, lacks }: Since,
): Promise<number> {
  const params = { 'match[]': streamSelector(streams), ...ofLate(now) };
  return listIn((await http.get('/loki/api/v1/series', params)).body, lacks).length;
}

/** The labels that streams of late have, or the values of one of them. */
export async function labelsOfLate(
  http: HttpClient,
  label: string | null,
  { now, lacks }: Since,
): Promise<string[]> {
  const path = label === null ? 'labels' : `label/${label}/values`;
  const names = listIn((await http.get(`/loki/api/v1/${path}`, ofLate(now))).body, lacks);
  return names.filter((name) => typeof name === 'string');
}

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

function listIn(body: string, lacks: Set<string>): unknown[] {
  // Where there is nothing to be listed, Loki leaves the list out.
  const data = successData(body, { lacks, who: 'Loki' }) ?? [];
  if (!Array.isArray(data)) throw new SourceError('malformed', 'the answer is not a list');
  return data;
}
