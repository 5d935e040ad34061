// Evaluates the part of LogQL that ratelimit asks, on lines. It reads the query by LogQL's grammar and knows nothing of who
// made it: what it does not know is a syntax error, as Loki has it.

/** A line of a stream. */
interface Entry {
  readonly ms: number;
  readonly line: string;
}

export interface Stream {
  readonly labels: Readonly<Record<string, string>>;
  readonly entries: readonly Entry[];
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What Loki answers with status 400 and these words. */
export class LogqlError extends Error {}

type Labels = Record<string, string>;
type Row = { readonly line: string; labels: Labels };
type Stage = (row: Row) => boolean;
type Vector = Series[];
interface World {
  readonly streams: readonly Stream[];
  readonly nowMs: number;
}
type Query = (world: World) => Vector;

const TOKENS =
  /\s+|"(?:[^"\\]|\\.)*"|\|~|\|=|!=|=~|!~|\d+(?:ms|s|m|h)\b|\d+\b|[A-Za-z_][A-Za-z0-9_]*|[|(){}[\],=]/gy;

class Tokens {
  readonly #tokens: { text: string; at: number }[] = [];
  #next = 0;

  constructor(query: string) {
    TOKENS.lastIndex = 0;
    let at = 0;
    while (at < query.length) {
      const match = TOKENS.exec(query);
      if (match === null) throw new LogqlError(`parse error at line 1, col ${at + 1}: unexpected character`);
      if (match[0].trim() !== '') this.#tokens.push({ text: match[0], at });
      at = TOKENS.lastIndex;
    }
  }

  get peek(): string {
    return this.#tokens[this.#next]?.text ?? '';
  }

  take(): string {
    const { peek } = this;
    this.#next++;
    return peek;
  }

  is(text: string): boolean {
    if (this.peek !== text) return false;
    this.#next++;
    return true;
  }

  expect(text: string): void {
    if (!this.is(text)) this.fail(`expecting ${text}`);
  }

  text(): string {
    if (!this.peek.startsWith('"')) this.fail('expecting STRING');
    try {
      return JSON.parse(this.take()) as string;
    } catch {
      return this.fail('invalid string');
    }
  }

  name(): string {
    if (!/^[A-Za-z_]/.test(this.peek)) this.fail('expecting IDENTIFIER');
    return this.take();
  }

  fail(why: string): never {
    const at = this.#tokens[this.#next]?.at ?? 0;
    const got = this.peek === '' ? '$end' : this.peek;
    throw new LogqlError(`parse error at line 1, col ${at + 1}: syntax error: unexpected ${got}, ${why}`);
  }
}

/** The answer to an instant query, as of that moment. @throws LogqlError */
export function evaluate(query: string, world: World): Vector {
  const tokens = new Tokens(query);
  if (tokens.peek === '{') {
    throw new LogqlError(
      'log queries are not supported as an instant query type, please change your query to a range query type',
    );
  }
  const asked = metric(tokens);
  if (tokens.peek !== '') tokens.fail('expecting $end');
  return asked(world);
}

function metric(tokens: Tokens): Query {
  const name = tokens.name();
  switch (name) {
    case 'topk': {
      tokens.expect('(');
      const most = Number(tokens.take());
      if (!(most > 0)) tokens.fail('invalid parameter (must be greater than 0)');
      tokens.expect(',');
      const inner = metric(tokens);
      tokens.expect(')');
      return (world) => [...inner(world)].sort((a, b) => b.value - a.value).slice(0, most);
    }
    case 'sum':
    case 'count': {
      const by = tokens.is('by') ? names(tokens) : [];
      tokens.expect('(');
      const inner = metric(tokens);
      tokens.expect(')');
      return (world) => grouped(inner(world), by, name);
    }
    case 'count_over_time': {
      tokens.expect('(');
      const lines = logs(tokens);
      tokens.expect('[');
      const span = milliseconds(tokens.take());
      tokens.expect(']');
      tokens.expect(')');
      return (world) => counted(lines(world, span));
    }
    default:
      return tokens.fail('expecting a metric query');
  }
}

function milliseconds(text: string): number {
  const [, count = '', unit = ''] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  const factor = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit];
  if (factor === undefined) throw new LogqlError(`parse error : not a valid duration string: "${text}"`);
  return Number(count) * factor;
}

function names(tokens: Tokens): string[] {
  tokens.expect('(');
  const all = [tokens.name()];
  while (tokens.is(',')) all.push(tokens.name());
  tokens.expect(')');
  return all;
}

function grouped(series: Vector, by: readonly string[], how: 'sum' | 'count'): Vector {
  const groups = new Map<string, Series>();
  for (const { metric: labels, value } of series) {
    const kept = by.flatMap((name) => (labels[name] ? [[name, labels[name]]] : []));
    const key = JSON.stringify(kept);
    const known = groups.get(key)?.value ?? 0;
    groups.set(key, { metric: Object.fromEntries(kept), value: known + (how === 'sum' ? value : 1) });
  }
  return [...groups.values()];
}

/** One series for each set of labels. What could not be read makes the query fail, as in Loki. */
function counted(rows: readonly Row[]): Vector {
  const groups = new Map<string, Series>();
  for (const { labels } of rows) {
    if (labels.__error__) {
      throw new LogqlError(
        `pipeline error: '${labels.__error__}' for series: '${JSON.stringify(labels)}'.\nUse a label filter to intentionally skip this error. (e.g | __error__!="${labels.__error__}").`,
      );
    }
    const key = JSON.stringify(Object.entries(labels).sort());
    groups.set(key, { metric: labels, value: (groups.get(key)?.value ?? 0) + 1 });
  }
  return [...groups.values()];
}

function logs(tokens: Tokens): (world: World, spanMs: number) => Row[] {
  const matches = selector(tokens);
  const stages: Stage[] = [];
  for (;;) {
    if (tokens.is('|=')) {
      const wanted = tokens.text();
      stages.push(({ line }) => line.includes(wanted));
    } else if (tokens.is('|~')) {
      const wanted = pattern(tokens.text());
      stages.push(({ line }) => wanted.test(line));
    } else if (tokens.is('|')) {
      stages.push(tokens.peek === 'json' || tokens.peek === 'logfmt' ? parser(tokens) : labelFilter(tokens));
    } else break;
  }
  return ({ streams, nowMs }, spanMs) =>
    streams
      .filter(({ labels }) => matches(labels))
      .flatMap(({ labels, entries }) =>
        entries
          .filter(({ ms }) => ms > nowMs - spanMs && ms <= nowMs)
          .map(({ line }): Row => ({ line, labels: { ...labels } }))
          .filter((row) => stages.every((stage) => stage(row))),
      );
}

/** Does a stream have these labels? @throws LogqlError for one that would take every stream */
function selector(tokens: Tokens): (labels: Readonly<Record<string, string>>) => boolean {
  tokens.expect('{');
  const matchers: { name: string; is: (value: string) => boolean; takesNone: boolean }[] = [];
  while (!tokens.is('}')) {
    if (matchers.length > 0) tokens.expect(',');
    const name = tokens.name();
    const is = comparison(tokens);
    matchers.push({ name, is, takesNone: is('') });
  }
  if (matchers.every(({ takesNone }) => takesNone)) {
    throw new LogqlError(
      'parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will',
    );
  }
  return (labels) => matchers.every(({ name, is }) => is(labels[name] ?? ''));
}

/** The matcher of Loki's API for streams. */
export function streamMatcher(text: string): (labels: Readonly<Record<string, string>>) => boolean {
  const tokens = new Tokens(text);
  const matches = selector(tokens);
  if (tokens.peek !== '') throw new LogqlError('only label matchers are supported');
  return matches;
}

function comparison(tokens: Tokens): (value: string) => boolean {
  const operator = tokens.take();
  if (!['=', '!=', '=~', '!~'].includes(operator)) tokens.fail('expecting =, !=, =~ or !~');
  const text = tokens.text();
  const whole = operator.endsWith('~') ? pattern(`^(?:${text})$`) : null;
  const isIt = (value: string) => (whole === null ? value === text : whole.test(value));
  return operator.startsWith('!') ? (value) => !isIt(value) : isIt;
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, 's');
  } catch {
    throw new LogqlError(`parse error : error parsing regexp: \`${text}\``);
  }
}

/** `json label="field", ...` or `logfmt label="field", ...`: only these fields become labels. */
function parser(tokens: Tokens): Stage {
  const format = tokens.take();
  const wanted: [label: string, path: string[]][] = [];
  do {
    const label = tokens.name();
    tokens.expect('=');
    wanted.push([label, format === 'json' ? tokens.text().split('.') : [tokens.text()]]);
  } while (tokens.is(','));
  const read = format === 'json' ? readJson : readLogfmt;
  return (row) => {
    const fields = read(row.line);
    if (fields === null) row.labels.__error__ = format === 'json' ? 'JSONParserErr' : 'LogfmtParserErr';
    for (const [label, path] of wanted) {
      const value = fields === null ? undefined : path.reduce<unknown>(at, fields);
      const name = label in row.labels ? `${label}_extracted` : label;
      if (value !== undefined && value !== null)
        row.labels[name] = typeof value === 'string' ? value : JSON.stringify(value);
    }
    return true;
  };
}

const at = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;

function readJson(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function readLogfmt(line: string): Record<string, string> | null {
  const pairs = [...line.matchAll(/([^\s=]+)=("(?:[^"\\]|\\.)*"|[^\s"]*)/g)];
  if (/="[^"]*$/.test(line)) return null;
  return Object.fromEntries(
    pairs.map(([, key = '', value = '']) => [key, value.startsWith('"') ? JSON.parse(value) : value]),
  );
}

/** `a="b" and (c=~"d" or e!="f")`; `and` binds closer. */
function labelFilter(tokens: Tokens): Stage {
  const first = conjunction(tokens);
  const others: Stage[] = [];
  while (tokens.is('or')) others.push(conjunction(tokens));
  return (row) => [first, ...others].some((part) => part(row));
}

function conjunction(tokens: Tokens): Stage {
  const parts = [labelTerm(tokens)];
  while (tokens.is('and')) parts.push(labelTerm(tokens));
  return (row) => parts.every((part) => part(row));
}

function labelTerm(tokens: Tokens): Stage {
  if (tokens.is('(')) {
    const inner = labelFilter(tokens);
    tokens.expect(')');
    return inner;
  }
  const name = tokens.name();
  const is = comparison(tokens);
  return ({ labels }) => is(labels[name] ?? '');
}
