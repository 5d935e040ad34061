import type { LogsSpec } from '../../runbooks/logs-schema.ts';

/** Lines to be counted: which streams, which lines of them, by which fields, over what time. */
export interface LogQuestion {
  readonly source: LogsSpec;
  /** Labels of the streams to read, at least one. */
  readonly streams: Readonly<Record<string, string>>;
  readonly windowSeconds: number;
}

/** So many lines have these values; '' for a field that they do not have. */
export interface Group {
  readonly id: string;
  /** null: no other field is kept. */
  readonly mix: string | null;
  readonly lines: number;
}

/**
 * A place where logs are kept, asked in its own language: each runbook says in general terms what to count. Nothing that
 * comes from a log ever enters a question. Every question throws SourceError for all that is no answer.
 */
export interface LogStore {
  /** What it is called in messages, such as `loki logs.example:3100`. */
  readonly name: string;
  /** What the answers so far say that they lack. */
  readonly lacks: ReadonlySet<string>;
  /** The largest groups, at most so many. @param of entities alone, or each with the values of the other field */
  groups(question: LogQuestion, most: number, of: 'entity' | 'entity-and-mix'): Promise<Group[]>;
  /** All lines that count, and how many entities they name. */
  whole(question: LogQuestion): Promise<{ readonly lines: number; readonly distinct: number }>;
  /**
   * Lines that have the texts, how many of them can be read and have the fields, whatever is in these, and how many count
   * but for what they must name.
   */
  looks(
    question: LogQuestion,
  ): Promise<{ readonly lines: number; readonly readable: number; readonly unnamed: number }>;
  /** What the streams hold: lines within the window, none of late, or there are no such streams. */
  life(question: LogQuestion): Promise<'lines' | 'streams' | 'none'>;
  close(): void;
}
