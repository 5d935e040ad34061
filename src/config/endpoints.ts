import { isIPv6 } from 'node:net';
import { hasControl, quote } from '../values/text.ts';
import { type HttpTarget, type RedisTarget, Secret, type Topology } from './types.ts';

const REDIS_PORT = 6379;
/** Redis refuses an index beyond its `databases` setting (16 by default); larger than this is a typing error. */
const MAX_DB = 1023;

const MAX_URL = 2048;

const ONE_SERVER: Topology = { kind: 'server', reader: null };

/** What an http(s) URL says: where, and the credentials in its userinfo. */
export type HttpPieces = Pick<HttpTarget, 'url' | 'basicAuth'>;

/**
 * Reads `redis://[user[:password]@]host[:port][/db]`, the same with `rediss:` (TLS), or `unix:/path[?db=N]`,
 * which may also be written `unix://[user[:password]@]/path[?db=N]`. Credentials and socket paths are
 * percent-decoded; the port defaults to 6379 and the db to 0. A unix target has host `''` and port 0.
 * @returns the target, or the sentence that says what was expected and what was got. Never throws.
 */
export function parseRedisUrl(text: string): RedisTarget | string {
  const scheme = /^(rediss?:\/\/|unix:)/i.exec(text)?.[0].toLowerCase();
  if (scheme === undefined || hasControl(text)) return expected('a redis://, rediss:// or unix: URL', text);
  if (text.length > MAX_URL) return expected(`a URL of at most ${MAX_URL} characters`, text);
  if (scheme === 'unix:') return parseUnixUrl(text);
  const rest = text.slice(scheme.length);
  if (/[?#]/.test(rest)) return expected('a URL without a query or fragment', text);
  const authority = parseAuthority(text, rest);
  if (typeof authority === 'string') return authority;
  const db = /^\/?$/.test(authority.path) ? 0 : parseDb(authority.path.slice(1));
  if (db === null) return expected(`/ and a database number of 0 to ${MAX_DB} after the host`, text);
  return withDisplay({
    host: unbracket(authority.host).toLowerCase(),
    port: authority.port ?? REDIS_PORT,
    path: null,
    db,
    username: authority.username || null,
    password: authority.password ? new Secret(authority.password) : null,
    tls: scheme === 'rediss://' ? { ca: null, cert: null, key: null } : null,
  });
}

function parseUnixUrl(text: string): RedisTarget | string {
  const match = /^unix:(?:\/\/(?:([^/?#]*)@)?(?=\/)|(?!\/\/))(\/[^?#]+)(?:\?db=([^&#]*))?$/i.exec(text);
  if (match === null) return expected('unix:/path/of/socket, optionally with ?db=N', text);
  const user = parseUserinfo(text, match[1] ?? '');
  if (typeof user === 'string') return user;
  const path = decode(match[2] ?? '');
  if (path === null || hasControl(path)) return expected('a socket path with valid percent-encoding', text);
  const db = match[3] === undefined ? 0 : parseDb(match[3]);
  if (db === null) return expected(`a database number of 0 to ${MAX_DB} after ?db=`, text);
  const password = user.password ? new Secret(user.password) : null;
  return withDisplay({ host: '', port: 0, path, db, username: user.username || null, password, tls: null });
}

/**
 * Reads an `http://` or `https://` URL. A path prefix is kept, trailing slashes are not; userinfo becomes
 * `basicAuth`, percent-decoded.
 * @returns the pieces, or the sentence that says what was expected and what was got. Never throws.
 */
export function parseHttpUrl(text: string): HttpPieces | string {
  const scheme = /^https?:\/\//i.exec(text)?.[0];
  if (scheme === undefined || hasControl(text)) return expected('an http:// or https:// URL', text);
  if (text.length > MAX_URL) return expected(`a URL of at most ${MAX_URL} characters`, text);
  const rest = text.slice(scheme.length);
  if (/[?#]/.test(rest)) return expected('a URL without a query or fragment', text);
  const authority = parseAuthority(text, rest);
  if (typeof authority === 'string') return authority;
  if (/[\s\\]/.test(authority.path)) return expected('a path without spaces and backslashes', text);
  // What stands before it may be a password with an unescaped slash in it, and would be shown as a path.
  if (authority.path.includes('@')) return expected('a path without "@" (write %40)', text);
  const { host, port, path, username, password } = authority;
  const bare = `${scheme}${host}${port === null ? '' : `:${port}`}${path}`;
  if (!URL.canParse(bare)) return expected('a valid host', text);
  if (username.includes(':')) return expected('a username without ":"', text);
  return {
    url: new URL(bare).href.replace(/\/+$/, ''),
    basicAuth: username + password === '' ? null : { username, password: new Secret(password) },
  };
}

type Plain = Omit<RedisTarget, 'display' | 'topology' | 'read'> &
  Partial<Pick<RedisTarget, 'topology' | 'read'>>;

/**
 * The target with `display` made anew: for a target whose username or password came from elsewhere. One server that is
 * read where it is written, unless said.
 */
export function withDisplay(plain: Plain): RedisTarget {
  const target = { topology: ONE_SERVER, read: 'primary', ...plain } as const;
  const user = target.username === null ? '' : `${encodeURIComponent(target.username)}@`;
  if (target.path !== null) {
    const path = target.path.split('/').map(encodeURIComponent).join('/');
    // A path of `//x` would be read as an authority, so the empty authority is always written.
    return { ...target, display: `unix://${user}${path}${target.db === 0 ? '' : `?db=${target.db}`}` };
  }
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const scheme = target.tls === null ? 'redis' : 'rediss';
  const db = target.db === 0 ? '' : `/${target.db}`;
  return { ...target, display: `${scheme}://${user}${host}:${target.port}${db}` };
}

/** Where a Redis is, whoever asks: its URL with neither user nor password. */
export const placeOf = (target: RedisTarget): string => withDisplay({ ...target, username: null }).display;

interface Userinfo {
  readonly username: string;
  readonly password: string;
}

interface Authority extends Userinfo {
  /** An IPv6 address keeps its brackets. */
  readonly host: string;
  readonly port: number | null;
  /** What follows: empty, or from the first slash on. */
  readonly path: string;
}

/** Splits `[user[:password]@]host[:port][/path]`; a string is the problem. WHATWG's parser would mend too much. */
function parseAuthority(text: string, rest: string): Authority | string {
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const at = authority.lastIndexOf('@');
  const user = parseUserinfo(text, at < 0 ? '' : authority.slice(0, at));
  if (typeof user === 'string') return user;
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/.exec(authority.slice(at + 1));
  const host = match?.[1] ?? '';
  if (!isHost(host)) return expected('a host name, an IPv4 address or an IPv6 address in brackets', text);
  const port = match?.[2];
  if (port !== undefined && !isPort(port)) return expected('a port of 1 to 65535 after the host', text);
  return {
    ...user,
    host,
    port: port === undefined ? null : Number(port),
    path: slash < 0 ? '' : rest.slice(slash),
  };
}

function parseUserinfo(text: string, userinfo: string): Userinfo | string {
  const colon = userinfo.indexOf(':');
  const username = decode(colon < 0 ? userinfo : userinfo.slice(0, colon));
  const password = decode(colon < 0 ? '' : userinfo.slice(colon + 1));
  if (username === null || password === null || /[@\s]/.test(userinfo)) {
    return expected('credentials with their special characters percent-encoded', text);
  }
  if (hasControl(username + password)) return expected('credentials without control characters', text);
  return { username, password };
}

function isHost(host: string): boolean {
  return host.startsWith('[') ? isIPv6(unbracket(host)) && !host.includes('%') : /^[\w.-]{1,253}$/.test(host);
}

function unbracket(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

function parseDb(text: string): number | null {
  return /^\d{1,4}$/.test(text) && Number(text) <= MAX_DB ? Number(text) : null;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function expected(what: string, text: string): string {
  return `expected ${what}, got ${quote(text)}`;
}
