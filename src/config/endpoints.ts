import { hasControl } from '../values/text.ts';
import { decode, expected, MAX_DB, parseAuthority, parseDb, parseUserinfo, unbracket } from './authority.ts';
import { withDisplay } from './display.ts';
import { parseTopologyUrl, REDIS_PORT } from './topology-url.ts';
import { type HttpTarget, type RedisTarget, Secret } from './types.ts';

const MAX_URL = 2048;

const A_REDIS_URL = 'a redis://, rediss://, unix:, sentinel:// or cluster:// URL';

/** What an http(s) URL says: where, and the credentials in its userinfo. */
export type HttpPieces = Pick<HttpTarget, 'url' | 'basicAuth'>;

/**
 * Reads `redis://[user[:password]@]host[:port][/db]`, the same with `rediss:` (TLS), or `unix:/path[?db=N]`,
 * which may also be written `unix://[user[:password]@]/path[?db=N]`. Credentials and socket paths are
 * percent-decoded; the port defaults to 6379 and the db to 0. A unix target has host `''` and port 0. Sentinels and
 * clusters: see `parseTopologyUrl`.
 * @returns the target, or the sentence that says what was expected and what was got. Never throws.
 */
export function parseRedisUrl(text: string): RedisTarget | string {
  const scheme = /^(rediss?:\/\/|unix:|(?:sentinel|cluster)(?:\+tls)?:\/\/)/i.exec(text)?.[0].toLowerCase();
  if (scheme === undefined || hasControl(text)) return expected(A_REDIS_URL, text);
  if (text.length > MAX_URL) return expected(`a URL of at most ${MAX_URL} characters`, text);
  if (scheme === 'unix:') return parseUnixUrl(text);
  if (!scheme.startsWith('redis')) return parseTopologyUrl(text, scheme);
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
