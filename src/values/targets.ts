import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type IpAddress, readAddress } from './address.ts';
import { quote } from './text.ts';

/** Targets in a few words: the one there is, or how many. */
export function nameTargets(targets: readonly Target[]): string {
  const [only] = targets;
  return targets.length === 1 && only ? only.text : `${targets.length} addresses and ranges`;
}

/** One address, or a range of them. An address is a range of size 1. */
export interface Target {
  /** The canonical address (`203.0.113.5`) or, for more than one, the canonical range (`203.0.113.0/28`). */
  readonly text: string;
  readonly family: 4 | 6;
  /** How many leading bits are fixed: 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly prefix: number;
  /** How many addresses it holds; the first and the last of a range count. */
  readonly size: bigint;
  /** The lowest address, canonical. */
  readonly first: string;
}

const EXPECTED = 'expected an IP address or a range such as 203.0.113.0/28';
/** More than the longest IPv6 address with a prefix length (49). */
const MAX_CHARS = 64;
/** An IPv4-mapped IPv6 address begins with that many bits that are not of the IPv4 address. */
const MAPPED_BITS = 96;

/**
 * Reads an address or a CIDR range, strictly: no spaces, ports, zone ids, netmasks, leading zeros or short forms.
 * IPv4-mapped IPv6 becomes IPv4, `/32` and `/128` plain addresses.
 * @returns the target, or the sentence that says what was expected, what was got and what to do. Never throws.
 */
export function parseTarget(text: string): Target | string {
  if (text.length > MAX_CHARS) return `${EXPECTED}, got ${text.length} characters: give one address or range`;
  const refuse = (advice: string): string => `${EXPECTED}, got ${shown(text)}: ${advice}`;
  const [host = '', bits, ...rest] = text.split('/');
  if (host.includes('%') && isIP(host) !== 0)
    return refuse('leave out the zone after the %, it means something on one machine only');
  const address = readAddress(host);
  if (address === null || rest.length > 0) return refuse(adviceFor(text));
  const family = address.kind() === 'ipv4' ? 4 : 6;
  const isMapped = family === 4 && host.includes(':');
  const most = host.includes(':') ? 128 : 32;
  const written = bits === undefined ? most : readPrefix(bits, most);
  if (written === null)
    return refuse(`write a prefix length of 0 to ${most} after the slash, without leading zeros`);
  const prefix = isMapped ? written - MAPPED_BITS : written;
  if (prefix < 0) return refuse('it is wider than all of IPv4 inside IPv6: write the IPv4 range itself');
  const target = targetOf(address, family, prefix);
  return target.first === address.toString()
    ? target
    : refuse(`give either the range ${target.text} or the address ${address}`);
}

function readPrefix(digits: string, most: number): number | null {
  return /^(?:0|[1-9]\d{0,2})$/.test(digits) && Number(digits) <= most ? Number(digits) : null;
}

/** The range of that prefix length which holds an address. */
function targetOf(address: IpAddress, family: 4 | 6, prefix: number): Target {
  const most = family === 4 ? 32 : 128;
  const masked = address.toByteArray().map((byte, i) => {
    const free = 8 - Math.min(8, Math.max(0, prefix - 8 * i));
    return (byte >> free) << free;
  });
  const first = ipaddr.fromByteArray(masked).toString();
  const text = prefix === most ? first : `${first}/${prefix}`;
  return { text, family, prefix, size: 1n << BigInt(most - prefix), first };
}

/** A text as a message shows it. `quote` would hide all after the first colon, as if it were a password. */
function shown(text: string): string {
  return /^[\da-f:.]+(?:%[\w.-]+)?(?:\/[\d.]*)?$/i.test(text) ? `"${text}"` : quote(text);
}

/** What to do about a text that is no address, by what it looks like. The first that fits is said. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'give one'],
  [/[\s,;]/, 'give one at a time, without spaces or commas'],
  [/:\/\//, 'give the address alone, not a URL'],
  [/^\[|^[\d.]+:\d*$/, 'leave out brackets and port'],
  [/\/.*\//, 'write one prefix length after one slash'],
  [/^\d[\d.]*[*x-]/i, 'write a range with a prefix length, an address with four decimal numbers'],
  [/^(?:[\d.]*\.)?0\d/, 'write numbers without leading zeros, some programs read them as octal'],
  [/^[\d.]+(?:\/|$)/, 'an IPv4 address has four numbers of 0 to 255'],
  [/^[\da-f.]*:[\da-f:.]*(?:\/|$)/i, 'an IPv6 address has eight groups of hexadecimal digits, or one ::'],
];

function adviceFor(text: string): string {
  const found = ADVICE.find(([pattern]) => pattern.test(text));
  return found === undefined ? 'give the address itself, not a name' : found[1];
}

/**
 * The addresses of a target, canonical and in order, made one by one as they are asked for: a range of IPv6 may
 * hold more than any memory does, so look at `size` first.
 */
export function* expand(target: Target): Generator<string, void, undefined> {
  const bytes = ipaddr.parse(target.first).toByteArray();
  for (let left = target.size; left > 0n; left -= 1n) {
    yield ipaddr.fromByteArray(bytes).toString();
    for (let i = bytes.length - 1; i >= 0; i -= 1) {
      const next = ((bytes[i] ?? 0) + 1) % 256;
      bytes[i] = next;
      if (next !== 0) break;
    }
  }
}

/**
 * True when a range holds an address, however the address is written. A range of one family never holds an
 * address of the other; an IPv4-mapped address is IPv4. False for a text that is no address.
 */
export function coveredBy(address: string, range: Target): boolean {
  const read = readAddress(address);
  return read !== null && holds(range, read);
}

/** True when at least one address is in both. */
export function overlaps(a: Target, b: Target): boolean {
  const [wide, narrow] = a.prefix <= b.prefix ? [a, b] : [b, a];
  return holds(wide, firstOf(narrow));
}

/** Parsed once a target: thousands are compared with one another. */
const firsts = new WeakMap<Target, IpAddress>();

function firstOf(target: Target): IpAddress {
  const known = firsts.get(target) ?? ipaddr.parse(target.first);
  firsts.set(target, known);
  return known;
}

function holds(range: Target, address: IpAddress): boolean {
  const first = firstOf(range);
  return first.kind() === address.kind() && address.match(first, range.prefix);
}
