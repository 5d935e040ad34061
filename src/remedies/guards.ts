import type { HttpTarget } from '../config/types.ts';
import {
  type AddressClass,
  addressClass,
  canonicalAddress,
  embeddedAddress,
  isLoopbackHost,
} from '../values/address.ts';
import { coveredBy, overlaps, type Target } from '../values/targets.ts';
import type { Refusal } from './types.ts';

/** Each class of address that is refused has a guard of its name. */
const CLASS_GUARDS = [
  'loopback',
  'private',
  'link-local',
  'multicast',
  'unspecified',
  'reserved',
] as const satisfies readonly AddressClass[];

/** Guards of `block-ip` that an operator may override, each by `--force-<guard>`. */
export const BLOCK_GUARDS = [...CLASS_GUARDS, 'never-block', 'proxy', 'host', 'own', 'shared'] as const;

export type BlockGuard = (typeof BLOCK_GUARDS)[number];

/** A host that the tool itself talks to, and where it is; a text: why that could not be found out. */
export interface KnownHost {
  readonly what: string;
  readonly addresses: readonly string[] | string;
}

/** What is known of the addresses that are to be blocked. */
export interface Surroundings {
  readonly neverBlock: readonly Target[];
  /** Those of the addresses that appear as direct peers. */
  readonly peers: ReadonlySet<string>;
  readonly hosts: readonly KnownHost[];
  /** The operator's own address; null: not known. */
  readonly own: string | null;
  /** Who was seen behind the addresses; null: nothing tells. */
  readonly behind: Behind | null;
}

export interface Behind {
  /** Tenants or users behind an address, canonical. */
  readonly counts: ReadonlyMap<string, number>;
  /** False: others than these were seen too, and are not told. */
  readonly isComplete: boolean;
}

/** What it means to block an address of that class. */
const CLASS_WORDS: Readonly<Record<(typeof CLASS_GUARDS)[number], string>> = {
  loopback: 'this is the machine itself',
  private: 'behind a private address stand a proxy, a NAT or your own network',
  'link-local': 'it is valid on one link only',
  multicast: 'it is no single host',
  unspecified: 'it is no host at all',
  reserved: 'no client has such an address',
};

/** How many addresses a message names. */
const NAMED = 3;

/**
 * Why these addresses must not be blocked, all reasons at once. Hard guards (the class of the address, the never-block
 * list, direct peers, the tool's own hosts) fail closed: one that cannot check refuses.
 * @param forced guards that the operator overrides
 */
export function guardBlock(
  targets: readonly Target[],
  addresses: readonly string[],
  around: Surroundings,
  forced: ReadonlySet<string>,
): Refusal[] {
  const refusals: Refusal[] = [];
  const refuse = (guard: BlockGuard, message: string) => {
    if (!forced.has(guard)) refusals.push({ guard, message, override: `--force-${guard}` });
  };
  const classes = classesOf(addresses);
  for (const kind of CLASS_GUARDS) {
    const found = addresses.filter((_, index) => classes[index] === kind);
    if (found.length > 0) refuse(kind, `${named(found)}: ${kind} address, ${CLASS_WORDS[kind]}`);
  }
  const carriers = new Map(addresses.flatMap((address) => carried(address)));
  /** Which of them an address is behind, by itself or inside another. */
  const reaching = (covers: (target: Target) => boolean, isIt: (inside: string) => boolean) => [
    ...targets.filter(covers).map(({ text }) => text),
    ...[...carriers].flatMap(([carrier, inside]) => (isIt(inside) ? [`${carrier} (${inside})`] : [])),
  ];
  for (const range of around.neverBlock) {
    const hit = reaching(
      (target) => overlaps(target, range),
      (inside) => coveredBy(inside, range),
    );
    if (hit.length > 0) refuse('never-block', `${named(hit)}: on the never-block list (${range.text})`);
  }
  const isAmong = (address: string) => (target: Target) => coveredBy(address, target);
  const peers = addresses.filter((address) => around.peers.has(address));
  if (peers.length > 0) {
    refuse('proxy', `${named(peers)}: a direct peer of the system, so a proxy that stands for many clients`);
  }
  for (const { what, addresses: where } of around.hosts) {
    if (typeof where === 'string') {
      refuse('host', `whether it is the address of ${what} could not be checked: ${where}`);
      continue;
    }
    const hit = where.flatMap((address) => reaching(isAmong(address), (inside) => inside === address));
    if (hit.length > 0) refuse('host', `${named(hit)}: the address of ${what}`);
  }
  const { own, behind } = around;
  if (own !== null && reaching(isAmong(own), (inside) => inside === own).length > 0) {
    refuse('own', `${own}: your own address, the one you are logged in from`);
  }
  const countOf = (address: string) =>
    Math.max(behind?.counts.get(address) ?? 0, behind?.counts.get(carriers.get(address) ?? '') ?? 0);
  const shared = addresses.filter((address) => countOf(address) > 1);
  if (shared.length > 0) {
    const count = countOf(shared[0] ?? '');
    refuse('shared', `${named(shared)}: shared, ${count} tenants or users are behind it (NAT)`);
  }
  return refusals;
}

/** An IPv6 address and the IPv4 one that it carries, which is who it reaches. */
function carried(address: string): [string, string][] {
  const inside = address.includes(':') ? embeddedAddress(address) : null;
  return inside === null ? [] : [[address, inside]];
}

/** How a direct peer of that address may be named: as it is, as what it carries, or as a dual-stack listener sees it. */
export const namesOfPeer = (address: string): string[] => [
  address,
  ...(address.includes(':') ? carried(address).map(([, inside]) => inside) : [`::ffff:${address}`]),
];

/** The class of each address. No registry of IPv4 divides a /24, but for 0.0.0.0, which comes first in its own. */
function classesOf(addresses: readonly string[]): AddressClass[] {
  const known = new Map<string, AddressClass>();
  return addresses.map((address) => {
    const network = address.includes(':') ? address : address.slice(0, address.lastIndexOf('.'));
    const found = known.get(network) ?? addressClass(address);
    known.set(network, found);
    return found;
  });
}

/** What the advisory guards could not know, as one sentence; none: they could. */
export function notChecked(addresses: readonly string[], { own, behind }: Surroundings): string[] {
  const isTold = behind?.isComplete || addresses.every((address) => behind?.counts.has(address));
  const missing = [
    ...(own === null ? ['whether it is your own address (there is no SSH_CONNECTION)'] : []),
    ...(isTold
      ? []
      : [`whether customers share it (no signal tells${behind === null ? '' : ' of all addresses'})`]),
  ];
  return missing.length === 0 ? [] : [`not checked: ${missing.join(', ')}`];
}

function named(addresses: readonly string[]): string {
  const rest = addresses.length - NAMED;
  return `${addresses.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** Widest range that is ever blocked, by family: anything wider is whole networks. */
const WIDEST = { 4: 16, 6: 32 } as const;
/** Most addresses at once that `--max` allows. */
const MOST_ADDRESSES = 4_096;

/** Why that many addresses must not be blocked at once; empty: they may. */
export function guardWidth(targets: readonly Target[], max: number): Refusal[] {
  const wide = targets.find(({ family, prefix }) => prefix < WIDEST[family]);
  if (wide) {
    const message = `${wide.text}: wider than /${WIDEST[wide.family]}, which is whole networks; give smaller ranges`;
    return [{ guard: 'width', message, override: null }];
  }
  // What lies in a range that is named too counts once. Thousands of names are too many whatever they are.
  const ranges = targets.length <= MOST_ADDRESSES ? targets.filter((target) => target.size > 1n) : [];
  const wholes = targets.filter(
    (target) => !ranges.some((other) => other.prefix < target.prefix && overlaps(other, target)),
  );
  const size = wholes.reduce((sum, target) => sum + target.size, 0n);
  if (size <= BigInt(max)) return [];
  const isPossible = size <= BigInt(MOST_ADDRESSES);
  const how = isPossible
    ? `--max ${size} allows it`
    : `at most ${MOST_ADDRESSES} are possible, since each has a key of its own`;
  const message = `${size} addresses in all, more than ${max}; ${how}`;
  return [{ guard: 'max', message, override: isPossible ? `--max ${size}` : null }];
}

/** Why the API must not be called: a token would travel in the clear. null: it would not. */
export function guardToken({ url, bearerToken, basicAuth }: HttpTarget): Refusal | null {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || isLoopbackHost(hostname) || (bearerToken === null && basicAuth === null))
    return null;
  const message = `${url}: a token is not sent over plain HTTP to another machine; give an https:// URL`;
  return { guard: 'plain-http', message, override: null };
}

/** The address that an operator is logged in from, as `SSH_CONNECTION` says; null: it does not. */
export function ownAddress(sshConnection: string | undefined): string | null {
  const [client = ''] = (sshConnection ?? '').split(' ');
  return canonicalAddress(client.replace(/%.*$/, ''));
}
