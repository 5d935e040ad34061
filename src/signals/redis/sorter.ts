import { isAscii } from 'node:buffer';
import type { Claim, Family } from './family.ts';
import { SeenKeys } from './seen.ts';
import type { Key, KeyAccess } from './servers.ts';

/** A key that a family wants, on its way to its values. */
export interface Claimed {
  readonly family: Family;
  readonly claim: Claim;
}

const NONE: readonly Family[] = [];

/** Sorts keys to their families as they come by, each key once, and brings the families their values. */
export class Sorter {
  readonly #namespace: string;
  readonly #seen = new SeenKeys();
  readonly #starts = new Map<string, Family[]>();
  readonly #length: number;
  /** Keys that came by so far. */
  keys = 0;
  /** True once a key under the namespace was seen. */
  namespaceSeen = false;

  constructor(families: readonly Family[], namespace: string) {
    this.#namespace = namespace;
    // As many of its first bytes as the shortest prefix has tell which families may want a key: most keys of a large
    // keyspace belong to one family or to none, and asking all of them about each key would be most of the work.
    this.#length = Math.min(...families.flatMap(({ prefixes }) => prefixes.map(({ length }) => length)));
    for (const family of families) {
      for (const start of new Set(family.prefixes.map((prefix) => prefix.slice(0, this.#length)))) {
        this.#starts.set(start, [...(this.#starts.get(start) ?? []), family]);
      }
    }
  }

  /** True when SCAN's repeats may have been counted twice: more keys than are remembered. */
  get approximate(): boolean {
    return this.#seen.overflowed;
  }

  /** What the families want of these keys. */
  sort(keys: readonly Buffer[]): Claimed[] {
    const claimed: Claimed[] = [];
    this.keys += keys.length;
    for (const bytes of keys) {
      const key = bytes.toString('latin1');
      this.namespaceSeen ||= key.startsWith(this.#namespace);
      let isNew: boolean | null = null;
      for (const family of this.#starts.get(key.slice(0, this.#length)) ?? NONE) {
        const claim = family.claim(key, isAscii(bytes) ? key : bytes);
        if (claim === null) continue;
        // Only what somebody wants is remembered: the rest of a large keyspace must not use up the memory for it.
        if (!family.remembers) isNew ??= this.#seen.isNew(key);
        if (family.remembers || isNew) claimed.push({ family, claim });
      }
    }
    return claimed;
  }
}

/**
 * Brings the families the values of what they claimed. Nothing is given to any of them before all is there, so that what
 * fails can be asked for again as a whole.
 */
export async function fetchValues(keys: KeyAccess, claimed: readonly Claimed[]): Promise<void> {
  if (claimed.length === 0) return;
  const wanted: Key[] = [];
  for (const { claim } of claimed) wanted.push(...claim.wanted);
  const values = await keys.values(wanted);
  const missing: Claimed[] = [];
  let at = 0;
  for (const one of claimed) {
    const self = values[at + one.claim.self] ?? null;
    // Its own server does not answer: then none of its keys is told.
    if (self instanceof Error) throw self;
    // The key itself was there a moment ago; another one that it brought along may well be absent.
    if (self === null) missing.push(one);
    at += one.claim.wanted.length;
  }
  const types = await typesOf(keys, missing);
  at = 0;
  for (const one of claimed) {
    const { claim, family } = one;
    const { length } = claim.wanted;
    // Nearly all want their own key and nothing else.
    const own = length === 1 ? [values[at] ?? null] : values.slice(at, at + length);
    at += length;
    if (own[claim.self] === null) {
      if (types.get(one) !== 'none') family.skip(claim);
    } else if (isTold(own)) family.take(claim, own);
    else family.miss(claim);
  }
}

const isTold = (values: readonly (string | null | Error)[]): values is readonly (string | null)[] =>
  values.every((value) => !(value instanceof Error));

/** No value is there for a key that has expired since and for one of another type, which must not go unsaid. */
async function typesOf(keys: KeyAccess, missing: readonly Claimed[]): Promise<Map<Claimed, string>> {
  if (missing.length === 0) return new Map();
  const types = await keys.types(missing.flatMap(({ claim }) => claim.wanted[claim.self] ?? []));
  return new Map(missing.map((one, index) => [one, types[index] ?? 'none']));
}
