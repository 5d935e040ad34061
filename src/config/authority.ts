import { isHost, isPort } from '../values/host.ts';
import { hasControl, quote } from '../values/text.ts';
import type { Endpoint } from './types.ts';

// The parts of URLs. WHATWG's parser would mend too much. A string is always the problem.

/** Redis refuses an index beyond its `databases` setting (16 by default); larger than this is a typing error. */
export const MAX_DB = 1023;

const A_HOST = 'a host name, an IPv4 address or an IPv6 address in brackets';
const A_PORT = 'a port of 1 to 65535 after the host';

export interface Userinfo {
  readonly username: string;
  readonly password: string;
}

export interface Authority extends Userinfo {
  /** An IPv6 address keeps its brackets. */
  readonly host: string;
  readonly port: number | null;
  /** What follows: empty, or from the first slash on. */
  readonly path: string;
}

/** Splits `[user[:password]@]host[:port][/path]`. */
export function parseAuthority(text: string, rest: string): Authority | string {
  const { user, hosts, path } = splitAuthority(text, rest);
  if (typeof user === 'string') return user;
  const at = splitAddress(hosts);
  return typeof at === 'string' ? expected(at, text) : { ...user, ...at, path };
}

/** Splits what is before the hosts, the hosts, and what is behind them. */
export function splitAuthority(
  text: string,
  rest: string,
): { readonly user: Userinfo | string; readonly hosts: string; readonly path: string } {
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const at = authority.lastIndexOf('@');
  return {
    user: parseUserinfo(text, at < 0 ? '' : authority.slice(0, at)),
    hosts: authority.slice(at + 1),
    path: slash < 0 ? '' : rest.slice(slash),
  };
}

/** Reads `host[:port]`; an IPv6 address stands in brackets. @returns what was expected, when it is none */
export function parseAddress(text: string, defaultPort: number): Endpoint | string {
  const at = splitAddress(text);
  if (typeof at === 'string') return at;
  return { host: unbracket(at.host).toLowerCase(), port: at.port ?? defaultPort };
}

function splitAddress(text: string): Pick<Authority, 'host' | 'port'> | string {
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/.exec(text);
  const host = match?.[1] ?? '';
  const isBracketed = host.startsWith('[');
  if (!isHost(unbracket(host)) || isBracketed !== host.includes(':')) return A_HOST;
  const port = match?.[2];
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && isPort(Number(port)))) return A_PORT;
  return { host, port: port === undefined ? null : Number(port) };
}

export function parseUserinfo(text: string, userinfo: string): Userinfo | string {
  const colon = userinfo.indexOf(':');
  const username = decode(colon < 0 ? userinfo : userinfo.slice(0, colon));
  const password = decode(colon < 0 ? '' : userinfo.slice(colon + 1));
  if (username === null || password === null || /[@\s]/.test(userinfo)) {
    return expected('credentials with their special characters percent-encoded', text);
  }
  if (hasControl(username + password)) return expected('credentials without control characters', text);
  return { username, password };
}

export function unbracket(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

export function parseDb(text: string): number | null {
  return /^\d{1,4}$/.test(text) && Number(text) <= MAX_DB ? Number(text) : null;
}

export function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

export function expected(what: string, text: string): string {
  return `expected ${what}, got ${quote(text)}`;
}
