import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An address that was read: `kind()`, `toByteArray()`, `match(range, bits)`; `toString()` is the canonical form. */
export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * What kind of network an address belongs to. Only `public` ones can be the far end of a connection from the
 * internet. `reserved` is also what no known kind fits.
 */
export type AddressClass =
  | 'public'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'multicast'
  | 'unspecified'
  | 'reserved';

/**
 * True for an IPv4 or IPv6 address as people write it. Zone ids are refused, and so are the short, octal and
 * hexadecimal forms that ipaddr.js alone would accept.
 */
export function isAddress(text: string): boolean {
  return text.length <= 45 && !text.includes('%') && isIP(text) !== 0;
}

/** Reads what `isAddress` accepts; an IPv4-mapped IPv6 address becomes the IPv4 one. Null for anything else. */
export function readAddress(text: string): IpAddress | null {
  return isAddress(text) ? ipaddr.process(hexTail(text)) : null;
}

/**
 * The one way to write an address: IPv4 for an IPv4-mapped one (`::ffff:203.0.113.5`), IPv6 as RFC 5952 says
 * (lower case, the longest run of zeros compressed, no dotted tail). Null when the text is no address.
 */
export function canonicalAddress(text: string): string | null {
  return readAddress(text)?.toString() ?? null;
}

/** The dotted end of an IPv6 address in hexadecimal: ipaddr.js takes `::1.2.3.4` for the mapped `::ffff:1.2.3.4`. */
function hexTail(text: string): string {
  if (!text.includes(':') || !text.includes('.')) return text;
  const start = text.lastIndexOf(':') + 1;
  const [a = 0, b = 0, c = 0, d = 0] = text.slice(start).split('.').map(Number);
  return `${text.slice(0, start)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

/**
 * True when an address can be the far end of a connection from the internet. Private, loopback, link-local and
 * reserved addresses are not: such an address among sources is a proxy or a load balancer, an aggregate of many
 * clients. False for a text that is no address.
 */
export function isPublicAddress(text: string): boolean {
  return addressClass(text) === 'public';
}

/**
 * The class of an address, after the IANA special-purpose registries (RFC 6890 and its updates). Private are
 * RFC 1918, shared space (RFC 6598), unique local (RFC 4193) and the former site-local addresses (RFC 3879).
 * The documentation ranges (RFC 5737, RFC 3849, RFC 9637) count as public: they never route and examples use
 * them. 6to4 and NAT64 addresses have the class of the IPv4 address inside. Anycast services (AS112, AMT) and
 * IPv6 outside 2000::/3 are reserved: no client has such an address.
 * @returns `reserved` for a text that is no address, so that a guard refuses it
 */
export function addressClass(text: string): AddressClass {
  const address = readAddress(text);
  return address === null ? 'reserved' : classOf(address);
}

const CLASSES: Readonly<Record<string, AddressClass>> = {
  unicast: 'public',
  loopback: 'loopback',
  private: 'private',
  carrierGradeNat: 'private',
  uniqueLocal: 'private',
  deprecatedSiteLocal: 'private',
  linkLocal: 'link-local',
  multicast: 'multicast',
};

function classOf(address: IpAddress): AddressClass {
  const range: string = address.range();
  // ipaddr.js calls all of 0.0.0.0/8 unspecified; only its first address is.
  if (range === 'unspecified') return address.toByteArray().some((byte) => byte > 0) ? 'reserved' : range;
  if (range === '6to4' || range === 'rfc6052') {
    const inside = embeddedIPv4(address.toByteArray(), range);
    return inside === null ? 'reserved' : classOf(ipaddr.fromByteArray(inside));
  }
  const kind = address.kind();
  if (isIn(DOCUMENTATION[kind](), address)) return 'public';
  if (range === 'unicast' && kind === 'ipv6' && !isIn(GLOBAL_IPV6(), address)) return 'reserved';
  return CLASSES[range] ?? 'reserved';
}

/** Parsed when they are first asked for: ipaddr.js takes a millisecond or two for the first IPv6 range. */
function ranges(...texts: string[]): () => readonly [IpAddress, number][] {
  let parsed: readonly [IpAddress, number][] | undefined;
  return () => {
    parsed ??= texts.map((text) => ipaddr.parseCIDR(text));
    return parsed;
  };
}

const DOCUMENTATION = {
  ipv4: ranges('192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'),
  ipv6: ranges('2001:db8::/32', '3fff::/20'),
};
/** All that IANA has given out as global unicast. */
const GLOBAL_IPV6 = ranges('2000::/3');

const isIn = (list: readonly [IpAddress, number][], address: IpAddress): boolean =>
  list.some(([range, bits]) => address.match(range, bits));

/**
 * Where RFC 6052 (2.2) puts the four bytes of the IPv4 address for prefixes of /48, /56, /64 and /96. Byte 8 is
 * always zero, and so is everything after the IPv4 address.
 */
const NAT64_LAYOUTS = [
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
  [12, 13, 14, 15],
] as const;

/** The IPv4 address inside an IPv6 one of a range that carries them (6to4, RFC 3056; NAT64, RFC 6052), or null. */
function embeddedIPv4(bytes: readonly number[], range: '6to4' | 'rfc6052'): number[] | null {
  if (range === '6to4') return bytes.slice(2, 6);
  // The well-known 64:ff9b::/96; the other range that ipaddr.js calls so is 64:ff9b:1::/48.
  if (bytes[5] === 0) return bytes.slice(12);
  if (bytes[8] !== 0) return null;
  // RFC 8215: how long a prefix the network uses inside the /48 is its own choice. The first reading that leaves
  // no rest and is no address of 0.0.0.0/8 (mere zeros before the true one) is it.
  const readings = NAT64_LAYOUTS.filter(([, , , last]) => bytes.slice(last + 1).every((byte) => byte === 0));
  const layout = readings.find(([first]) => bytes[first] !== 0) ?? NAT64_LAYOUTS[3];
  return layout.map((at) => bytes[at] ?? 0);
}

/** The IPv4 address inside an IPv6 one that carries it (6to4, NAT64), canonical; null: there is none. */
export function embeddedAddress(text: string): string | null {
  const address = readAddress(text);
  const range: string = address?.range() ?? '';
  if (address === null || (range !== '6to4' && range !== 'rfc6052')) return null;
  const inside = embeddedIPv4(address.toByteArray(), range);
  return inside === null ? null : ipaddr.fromByteArray(inside).toString();
}

/**
 * True for a host, with or without brackets, that is this machine: `localhost`, a name under it (RFC 6761),
 * 127.0.0.0/8 and ::1. Not for 0.0.0.0, nor for short forms such as `127.1`.
 */
export function isLoopbackHost(host: string): boolean {
  if (/^(?:[\w-]{1,63}\.)*localhost\.?$/i.test(host)) return true;
  const address = canonicalAddress(/^\[(.*)\]$/s.exec(host)?.[1] ?? host);
  return address !== null && (address === '::1' || address.startsWith('127.'));
}
