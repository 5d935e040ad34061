/** Where a value of the effective configuration came from; shown by `config show`. */
export type Origin = 'flag' | 'environment' | 'context' | 'default';

/** A secret never prints itself: not in JSON, not in a template string, not in an inspected object. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return '[redacted]';
  }
  toJSON(): string {
    return '[redacted]';
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[redacted]';
  }
}

/** PEM texts, already read from the files that the configuration names. */
export interface Tls {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: Secret | null;
  /** Where these came from, by the key of the configuration: `ca-file`, `cert-file`, `key-file`. */
  readonly files?: Readonly<Record<string, string>>;
  /** The name that the server's certificate must carry; its host unless said. */
  readonly servername?: string;
}

/** Where a server listens; an IPv6 address without brackets. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** How the servers of a Redis are found. */
export type Topology =
  | {
      readonly kind: 'server';
      /** Where its replicas answer, behind one address; null: not told. */
      readonly reader: Endpoint | null;
    }
  | {
      readonly kind: 'sentinel';
      /** What the sentinels call the primary and its replicas. */
      readonly name: string;
      readonly sentinels: readonly Endpoint[];
      /** The sentinels' own: those of the target are never sent to them. */
      readonly username: string | null;
      readonly password: Secret | null;
    }
  | { readonly kind: 'cluster'; readonly seeds: readonly Endpoint[] };

/**
 * One Redis: a server, or several that hold its keys together. Of a server, exactly one of `path` (a unix socket) and
 * `host`/`port` says where it is; else these are null, `''` and 0, and `topology` says where to ask.
 */
export interface RedisTarget {
  readonly host: string;
  readonly port: number;
  readonly path: string | null;
  readonly topology: Topology;
  /** Where triage reads. Single keys are always looked at, and written, where they are written. */
  readonly read: 'primary' | 'replica';
  readonly db: number;
  readonly username: string | null;
  readonly password: Secret | null;
  /** null: no TLS. */
  readonly tls: Tls | null;
  /** The same target as a URL without its password, for messages and for commands that are suggested. */
  readonly display: string;
}

/** One HTTP API: Prometheus, Alertmanager or the system's own. */
export interface HttpTarget {
  /** Absolute, without credentials, without a trailing slash; may carry a path prefix. */
  readonly url: string;
  readonly bearerToken: Secret | null;
  /** The token as its file has it by now: some are renewed every hour, and a watch goes on for longer. */
  readonly freshToken?: () => Promise<Secret>;
  readonly basicAuth: { readonly username: string; readonly password: Secret } | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Tls | null;
}

/** Where logs are kept. */
export interface LogsTarget {
  /** Which language it is asked in; there may be others. */
  readonly kind: 'loki';
  readonly http: HttpTarget;
  /** Labels of the streams to read; null: those that the runbook names. */
  readonly selector: Readonly<Record<string, string>> | null;
}

/** Several of one kind, at least one. */
export type AtLeastOne<T> = readonly [T, ...T[]];

/** What a run talks to. */
export type System = 'redis' | 'prometheus' | 'logs' | 'alertmanager' | 'api';

/** The one typed configuration: flags over environment over the context in the file over defaults. */
export interface Config {
  /** The context's name, or null when no context is in use. */
  readonly context: string | null;
  /** The configuration file that was read, or null. */
  readonly file: string | null;
  /** True when the context is marked `production: true`. */
  readonly production: boolean;
  /** A runbook's name, or the path of a runbook file. */
  readonly runbook: string;
  readonly redis: RedisTarget;
  /** All of them are asked, and what they say is added up. */
  readonly prometheus: AtLeastOne<HttpTarget>;
  /** Asked only about the alert that an operator triages. */
  readonly alertmanager: HttpTarget;
  readonly api: HttpTarget | null;
  /** null: nothing is read of logs. */
  readonly logs: LogsTarget | null;
  /** Where the pages are that the runbook's links lead to, by the names that it has for them: URLs without a slash at the end. */
  readonly links: Readonly<Record<string, string>>;
  /** PromQL of the operator's own, by the name that the runbook has for it. */
  readonly queries: Readonly<Record<string, string>>;
  /** Overrides of the runbook's thresholds by name. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** Overrides of the runbook's limits, by the name of their table. */
  readonly limits: LimitOverrides;
  /** Deadline for collecting, seconds. */
  readonly timeoutSeconds: number;
  /** Addresses and CIDR ranges that must never be blocked, in their canonical form. */
  readonly neverBlock: readonly string[];
  /** The longest that an address may be blocked for, seconds. */
  readonly maxBlockTtlSeconds: number;
  /** USD that a cap is not raised above without being forced to, such as `500.00`; null: no ceiling. */
  readonly capCeiling: string | null;
  /** The Redis stream that remedies are also journaled to; null: none. */
  readonly journalStream: string | null;
  /** Does triage keep what it finds, for a report? */
  readonly keepLooks: boolean;
  /** Where that came from which decides what a run reaches; see `reachWords`. */
  readonly from: Readonly<Record<'file' | 'context' | 'runbook' | System, Origin>>;
  /** Each leaf's dotted key, its value as shown (secrets redacted) and where it came from. */
  readonly origins: readonly { readonly key: string; readonly shown: string; readonly origin: Origin }[];
}

/** Limits that a context sets in place of the runbook's, by the name of their table. */
export type LimitOverrides = Readonly<
  Record<
    string,
    {
      readonly default?: number | undefined;
      readonly tiers?: Readonly<Record<string, number>> | undefined;
      /** By the entity's id: a number, or the name of a tier. */
      readonly entries?: Readonly<Record<string, number | string>> | undefined;
    }
  >
>;

/** What the command line may say about the configuration. Absent keys were not given. */
export interface ConfigFlags {
  readonly config?: string;
  readonly context?: string;
  readonly runbook?: string;
  readonly redisUrl?: string;
  readonly prometheusUrl?: string;
  readonly alertmanagerUrl?: string;
  readonly apiUrl?: string;
  readonly logsUrl?: string;
  readonly timeout?: string;
}
