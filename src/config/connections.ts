import { withDisplay } from './display.ts';
import { parseHttpUrl, parseRedisUrl } from './endpoints.ts';
import type { ApiEntry, HttpEntry, PrometheusEntries, RedisEntry, TlsEntry } from './schema.ts';
import { type SecretReader, tokenNow } from './secrets.ts';
import { type AtLeastOne, type HttpTarget, type RedisTarget, Secret, type Tls } from './types.ts';

/** A target, and the files of its TLS material by key, for `origins`. */
export interface Connection<Target> {
  readonly target: Target;
  readonly tlsFiles: Readonly<Record<string, string>>;
}

/** What building a connection of the context in the file needs to know about that file. */
export interface ContextFiles {
  readonly reader: SecretReader;
  /** The path of a file that the configuration names: relative to the folder of the configuration file. */
  locate(file: string): string;
  /** `file:line: key` of a key of this connection. */
  at(...key: string[]): string;
}

/** What listens where nothing was configured: a Redis and a Prometheus on this host. */
export const DEFAULT_REDIS: Connection<RedisTarget> = {
  target: withDisplay({
    host: '127.0.0.1',
    port: 6379,
    path: null,
    db: 0,
    username: null,
    password: null,
    tls: null,
  }),
  tlsFiles: {},
};
export const DEFAULT_PROMETHEUS: AtLeastOne<Connection<HttpTarget>> = [
  { target: httpTarget({ url: 'http://127.0.0.1:9090', basicAuth: null }), tlsFiles: {} },
];

export const DEFAULT_ALERTMANAGER: Connection<HttpTarget> = {
  target: httpTarget({ url: 'http://127.0.0.1:9093', basicAuth: null }),
  tlsFiles: {},
};

/** The connection that a flag or a variable gives as a URL alone, or the sentence that says what is wrong. */
export function redisFromUrl(url: string): Connection<RedisTarget> | string {
  const target = parseRedisUrl(url);
  return typeof target === 'string' ? target : { target, tlsFiles: {} };
}

/** As `redisFromUrl`, for an HTTP API. */
export function httpFromUrl(url: string): Connection<HttpTarget> | string {
  const pieces = parseHttpUrl(url);
  return typeof pieces === 'string' ? pieces : { target: httpTarget(pieces), tlsFiles: {} };
}

/** The Redis of the context, its secrets read. A file that cannot be used is reported to the reader. */
export async function redisFromEntry(
  entry: RedisEntry,
  files: ContextFiles,
): Promise<Connection<RedisTarget> | string> {
  const given = await placeIn(entry, files);
  if (typeof given === 'string') return given;
  const password = await readSecret(files, entry['password-file'], 'password-file');
  const { tls, tlsFiles } = await readTls(entry.tls, files);
  const target = withDisplay({
    ...given,
    username: entry.username ?? given.username,
    password: password ?? given.password,
    tls: tls ?? given.tls,
    read: entry.read ?? given.read,
  });
  return { target, tlsFiles };
}

/** How the servers of an entry are found, and what its URL says of the rest. */
async function placeIn(entry: RedisEntry, files: ContextFiles): Promise<RedisTarget | string> {
  const { url, sentinel, cluster, db = 0 } = entry;
  const bare = { ...DEFAULT_REDIS.target, host: '', port: 0, db };
  if (sentinel !== undefined) {
    const { name, nodes: sentinels, username = null } = sentinel;
    const key = ['sentinel', 'password-file'];
    const password = await readSecret(files, sentinel['password-file'], key);
    return { ...bare, topology: { kind: 'sentinel', name, sentinels, username, password } };
  }
  if (cluster !== undefined) return { ...bare, topology: { kind: 'cluster', seeds: cluster } };
  const target = parseRedisUrl(url ?? '');
  const reader = entry['replica-url'] === undefined ? null : parseRedisUrl(entry['replica-url']);
  if (typeof target === 'string' || reader === null) return target;
  if (typeof reader === 'string') return reader;
  const { host, port } = reader;
  return { ...target, topology: { kind: 'server', reader: { host, port } } };
}

/** The one Prometheus that a flag or a variable gives, or the sentence that says what is wrong. */
export function prometheusFromUrl(url: string): AtLeastOne<Connection<HttpTarget>> | string {
  const connection = httpFromUrl(url);
  return typeof connection === 'string' ? connection : [connection];
}

/**
 * Every Prometheus of the context, their secrets read. A file that cannot be used is reported to the reader.
 * @param filesOf by the place in the list; null: it is written without one
 */
export async function prometheusFromEntries(
  { entries, isList }: PrometheusEntries,
  filesOf: (index: number | null) => ContextFiles,
): Promise<AtLeastOne<Connection<HttpTarget>> | string> {
  const connections: Connection<HttpTarget>[] = [];
  // One after the other, so that problems are reported in the order of the file.
  for (const [index, entry] of entries.entries()) {
    const connection = await httpFromEntry(entry, filesOf(isList ? index : null));
    if (typeof connection === 'string') return connection;
    connections.push(connection);
  }
  const [first, ...others] = connections;
  return first === undefined ? 'expected a URL' : [first, ...others];
}

/** A Prometheus or the Alertmanager of the context, its secrets read. A file that cannot be used is reported. */
export async function httpFromEntry(
  entry: HttpEntry,
  files: ContextFiles,
): Promise<Connection<HttpTarget> | string> {
  const url = parseHttpUrl(entry.url);
  if (typeof url === 'string') return url;
  const basic = entry['basic-auth'];
  const bearerToken = await readSecret(files, entry['bearer-token-file'], 'bearer-token-file', 'token');
  const tokenFile = files.locate(entry['bearer-token-file'] ?? '');
  const fresh = bearerToken === null ? {} : { freshToken: () => tokenNow(tokenFile, bearerToken) };
  const password = await readSecret(files, basic?.['password-file'], ['basic-auth', 'password-file']);
  const { tls, tlsFiles } = await readTls(entry.tls, files);
  const basicAuth =
    basic === undefined ? url.basicAuth : { username: basic.username, password: password ?? NONE };
  return {
    target: { url: url.url, basicAuth, bearerToken, ...fresh, headers: entry.headers ?? {}, tls },
    tlsFiles,
  };
}

/**
 * The API of the context, its secrets read. A file that cannot be used is reported to the reader.
 * @param withToken false: the token comes from elsewhere, so the context's is not even read
 */
export async function apiFromEntry(
  entry: ApiEntry,
  files: ContextFiles,
  withToken: boolean,
): Promise<Connection<HttpTarget> | string> {
  const url = parseHttpUrl(entry.url);
  if (typeof url === 'string') return url;
  const file = withToken ? entry['token-file'] : undefined;
  const bearerToken = await readSecret(files, file, 'token-file', 'token');
  const { tls, tlsFiles } = await readTls(entry.tls, files);
  return { target: { ...httpTarget(url), bearerToken, tls }, tlsFiles };
}

/** Stands in for a password that could not be read; the problem is already reported and nothing connects. */
const NONE = new Secret('');

function httpTarget(pieces: Pick<HttpTarget, 'url' | 'basicAuth'>): HttpTarget {
  return { ...pieces, bearerToken: null, headers: {}, tls: null };
}

async function readSecret(
  files: ContextFiles,
  file: string | undefined,
  key: string | readonly string[],
  kind?: 'token',
): Promise<Secret | null> {
  if (file === undefined) return null;
  return files.reader.secret(files.locate(file), files.at(...[key].flat()), kind);
}

async function readTls(
  entry: TlsEntry | undefined,
  files: ContextFiles,
): Promise<{ tls: Tls | null; tlsFiles: Record<string, string> }> {
  if (entry === undefined) return { tls: null, tlsFiles: {} };
  const tlsFiles: Record<string, string> = {};
  const read = async (key: keyof TlsEntry) => {
    const file = entry[key];
    if (file === undefined) return null;
    tlsFiles[key] = files.locate(file);
    return files.reader.pem(files.locate(file), files.at('tls', key));
  };
  const ca = await read('ca-file');
  const cert = await read('cert-file');
  const key = await read('key-file');
  return { tls: { ca, cert, key: key === null ? null : new Secret(key), files: tlsFiles }, tlsFiles };
}
