import { fieldsOf, type LogsSpec, namesOf } from '../../runbooks/logs-schema.ts';
import { literal } from '../../runbooks/match.ts';
import type { LogQuestion } from './store.ts';

// LogQL of what a runbook says in general terms. Its texts and those of the configuration are quoted; there are no others.
// https://grafana.com/docs/loki/latest/query/

/** A text as LogQL quotes it. It reads strings as Go does, which knows every escape of JSON. */
const quoted = (text: string): string => JSON.stringify(text);

/** `{app="gateway"}`. */
export const streamSelector = (streams: Readonly<Record<string, string>>): string =>
  `{${Object.entries(streams)
    .map(([label, value]) => `${label}=${quoted(value)}`)
    .join(',')}}`;

/** Labels of our own: a field of the same name as a label of the stream would get another name. */
const OWN = 'ratelimit_';

/** The labels that the fields of a source get. */
export const labelsOf = (source: LogsSpec): ReadonlyMap<string, string> =>
  new Map(fieldsOf(source).map((field, index) => [field, `${OWN}${index}`]));

/** How many lines count within the window, by these labels. */
export const counted = (question: LogQuestion, labels: readonly string[]): string =>
  `sum${labels.length === 0 ? '' : ` by (${labels.join(', ')})`} (${over(question, readFrom(question, filterOf))})`;

/** How many lines have the texts, whether or not they can be read. */
export const withText = (question: LogQuestion): string => `sum(${over(question, textOf(question))})`;

/** How many of them can be read and have the fields of any of the ways in which a line may be written. */
export const readable = (question: LogQuestion): string =>
  `sum(${over(question, readFrom(question, waysTold))})`;

/** How many lines there are at all. */
export const anyLines = (question: LogQuestion): string =>
  `sum(${over(question, streamSelector(question.streams))})`;

const over = ({ windowSeconds }: LogQuestion, lines: string): string =>
  `count_over_time(${lines} [${windowSeconds}s])`;

/** The lines that have the texts: found without reading them as anything. */
function textOf({ source, streams }: LogQuestion): string {
  const needed = source.lines.map(textIn);
  const filters = [source.contains, ...(needed.every((text) => text !== null) ? [needed] : [])];
  return `${streamSelector(streams)}${filters.map(anyOf).join('')}`;
}

const anyOf = (texts: readonly string[]): string =>
  texts.length === 0 ? '' : ` |~ ${quoted([...new Set(texts)].map(literal).join('|'))}`;

/** A text that such a line must have; null where nothing can be said of it, since what it holds may be escaped there. */
export const textIn = ({ equals, has }: LogsSpec['lines'][number]): string | null =>
  Object.values({ ...has, ...equals })
    .filter((value) => /^[\w .:-]+$/.test(value))
    .sort((a, b) => b.length - a.length)[0] ?? null;

type Labels = ReadonlyMap<string, string>;

function readFrom(question: LogQuestion, filter: (source: LogsSpec, labels: Labels) => string): string {
  const { source } = question;
  const labels = labelsOf(source);
  const text = textOf(question);
  if (labels.size === 0) return text;
  const read = [...labels].map(([field, label]) => `${label}=${quoted(field)}`).join(', ');
  // What cannot be read would make the whole query fail.
  return `${text} | ${source.format} ${read} | __error__=""${filter(source, labels)}`;
}

/** Which of the lines count: any of the ways in which they may be written, and what they must name. */
function filterOf(source: LogsSpec, labels: Labels): string {
  const named = (source['both-named'] ? [source.by, source.mix] : []).map((field) =>
    namesOf(field, source).map((name) => `${labels.get(name)}!=""`),
  );
  return [waysOf(source, labels), ...named].map(oneOf).join('');
}

const oneOf = (parts: readonly string[]): string => (parts.length === 0 ? '' : ` | ${parts.join(' or ')}`);

/** Lines that have the fields, whatever is in them. */
const waysTold = (source: LogsSpec, labels: Labels): string =>
  oneOf(
    source.lines.map(({ equals, has }) =>
      wayOf(Object.keys({ ...equals, ...has }), (field) => is(field, '!=""', source, labels)),
    ),
  );

const waysOf = (source: LogsSpec, labels: Labels): string[] =>
  source.lines.map(({ equals, has }) =>
    wayOf(
      [
        ...Object.entries(equals).map(([field, value]) => ({ field, test: `=${quoted(value)}` })),
        ...Object.entries(has).map(([field, value]) => ({
          field,
          test: `=~${quoted(`.*${literal(value)}.*`)}`,
        })),
      ],
      ({ field, test }) => is(field, test, source, labels),
    ),
  );

const wayOf = <T>(parts: readonly T[], say: (part: T) => string): string =>
  `(${parts.map(say).join(' and ')})`;

/** A field passes a test under any of its names. */
function is(field: string, test: string, source: LogsSpec, labels: Labels): string {
  const all = namesOf(field, source).map((name) => `${labels.get(name)}${test}`);
  return all.length === 1 ? all.join('') : `(${all.join(' or ')})`;
}
