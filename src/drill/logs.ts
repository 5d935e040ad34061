import type { Adapter } from '../evidence/collect.ts';
import { lineOf, timesIn } from '../incidents/log-lines.ts';
import type { LogState } from '../incidents/types.ts';
import { type LogsSpec, namesOf } from '../runbooks/logs-schema.ts';
import { readLogsOf } from '../signals/logs/adapter.ts';
import { textIn } from '../signals/logs/logql.ts';
import type { Group, LogQuestion, LogStore } from '../signals/logs/store.ts';

/** What a drill's logs hold at one moment. */
export interface Written {
  readonly logs: readonly LogState[];
  /** Seconds since the start of the drill. */
  readonly atSeconds: number;
}

/** Reads the runbook's sources in logs from an incident, as a store that holds its lines would answer. */
export const logsOf = (record: () => Written): Adapter => {
  const store = storeOf(record);
  return readLogsOf({ selector: null, open: () => store });
};

function storeOf(record: () => Written): LogStore {
  const within = ({ windowSeconds, streams }: LogQuestion) => {
    const { logs, atSeconds } = record();
    return logs
      .filter(({ stream }) => Object.entries(streams).every(([label, value]) => stream[label] === value))
      .map((state) => ({ state, lines: timesIn(state, atSeconds - windowSeconds, atSeconds) }))
      .filter(({ lines }) => lines > 0);
  };
  const groups = (question: LogQuestion, of: 'entity' | 'entity-and-mix'): Group[] => {
    const { source } = question;
    const first = (state: LogState, field: string | null) =>
      namesOf(field, source)
        .map((name) => state.fields[name] ?? '')
        .find((text) => text !== '') ?? '';
    return within(question)
      .filter(({ state }) => counts(state, source))
      .map(({ state, lines }) => ({
        id: first(state, source.by),
        mix:
          source.mix === null || (of === 'entity' && !source['both-named']) ? null : first(state, source.mix),
        lines,
      }))
      .filter(({ id, mix }) => !source['both-named'] || (id !== '' && mix !== ''));
  };
  const sum = (list: readonly { readonly lines: number }[]) =>
    list.reduce((all, { lines }) => all + lines, 0);
  return {
    ...{ name: 'the logs of the drill', lacks: new Set<string>(), close: () => {} },
    groups: async (question, _, of) => groups(question, of),
    whole: async (question) => {
      const all = groups(question, 'entity');
      return { lines: sum(all), distinct: new Set(all.map(({ id }) => id)).size };
    },
    looks: async (question) => {
      const alike = within(question).filter(({ state }) => hasTexts(state, question.source));
      return {
        lines: sum(alike),
        readable: sum(alike.filter(({ state }) => hasFields(state, question.source))),
        unnamed: question.source['both-named']
          ? sum(within(question).filter(({ state }) => counts(state, question.source)))
          : 0,
      };
    },
    life: async (question) => (within(question).length > 0 ? 'lines' : 'none'),
  };
}

/** Does such a line have what would be looked for in its text? */
function hasTexts(state: LogState, { contains, lines }: LogsSpec): boolean {
  const line = lineOf(state);
  const has = (texts: readonly string[]) => texts.length === 0 || texts.some((text) => line.includes(text));
  return has(contains) && has(lines.flatMap((way) => textIn(way) ?? ''));
}

const hasFields = (state: LogState, source: LogsSpec): boolean =>
  state.format === source.format &&
  source.lines.some(({ equals, has }) =>
    Object.keys({ ...equals, ...has }).every((name) =>
      valuesOf(state, name, source).some((one) => one !== ''),
    ),
  );

/** What a line has under any of the names of a field. */
const valuesOf = ({ fields }: LogState, field: string, source: LogsSpec): string[] =>
  namesOf(field, source).flatMap((name) => fields[name] ?? []);

/** Does such a line count? */
function counts(state: LogState, source: LogsSpec): boolean {
  const { contains, lines, format } = source;
  const line = lineOf(state);
  const hasText = contains.length === 0 || contains.some((text) => line.includes(text));
  if (lines.length === 0) return hasText;
  const isWritten = lines.some(
    ({ equals, has }) =>
      Object.entries(equals).every(([name, value]) => valuesOf(state, name, source).includes(value)) &&
      Object.entries(has).every(([name, text]) =>
        valuesOf(state, name, source).some((one) => one.includes(text)),
      ),
  );
  return hasText && state.format === format && isWritten;
}
