import type { UnreadFamily } from '../../doctor/facts.ts';
import { toId } from './keys.ts';

/** Part of a name, rather than an id: lower-case words, with a digit at the end at most. */
const WORD = /^[a-z][a-z_]{0,39}\d?$/;
const GROUP = /^[0-9a-f]{1,4}$/;
/** More parts than that are no name any more. */
const MAX_PARTS = 6;
/** So many different words in one place are ids that look like words, such as tenants. */
const MOST_WORDS = 12;
/** Right below the namespace a system has more families than that. */
const MOST_FIRST_WORDS = 60;
const MOST_FAMILIES = 1_000;
/** Characters of a sample key. */
const SAMPLE = 200;

interface Family {
  readonly parts: readonly string[];
  keys: number;
  readonly sample: string;
}

/**
 * Counts keys by their family: the key with what varies as stars. What looks like an id varies, and so do words of which
 * there are too many in one place. Memory is bounded whatever the keys are: further families are only counted.
 */
export class Tally {
  readonly #namespace: string;
  #families = new Map<string, Family>();
  #isFull = false;

  /** @param namespace what all of the keys begin with, latin1 */
  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  /** @param key latin1 */
  add(key: string): void {
    const rest = key.slice(this.#namespace.length, this.#namespace.length + 400).split(':');
    const parts = partsOf(rest);
    const name = parts.join(':');
    const known = this.#families.get(name);
    if (known !== undefined) {
      known.keys += 1;
      return;
    }
    if (this.#isFull) return;
    if (this.#families.size >= MOST_FAMILIES) {
      this.#families = generalised(this.#families);
      // Where that made little room, it would have to be done again and again.
      this.#isFull = this.#families.size > MOST_FAMILIES / 2;
    }
    this.#families.set(name, { parts, keys: 1, sample: key.slice(0, SAMPLE) });
  }

  /** False when some families could not be told apart any more. */
  get isComplete(): boolean {
    return !this.#isFull;
  }

  /** The families, those with the most keys first. */
  families(): UnreadFamily[] {
    return [...generalised(this.#families)]
      .map(([name, { keys, sample }]) => ({
        pattern: Buffer.from(this.#namespace + name, 'latin1').toString('utf8'),
        keys,
        sample: toId(sample),
      }))
      .sort((a, b) => b.keys - a.keys || (a.pattern < b.pattern ? -1 : 1));
  }
}

/** The words of a name, and stars for what varies. */
function partsOf(rest: readonly string[]): string[] {
  const parts: string[] = [];
  for (const [at, part] of rest.slice(0, MAX_PARTS).entries()) {
    // Groups of an IPv6 address may look like words: db8, or whatever stands before its double colon.
    const isGroup = (parts.at(-1) === '*' && GROUP.test(part)) || rest[at + 1] === '';
    parts.push(WORD.test(part) && !isGroup ? part : '*');
  }
  return squeezed(rest.length > MAX_PARTS ? [...parts, '*'] : parts);
}

/** One star for several in a row: IPv6 addresses and ids of two parts. */
const squeezed = (parts: readonly string[]): string[] =>
  parts.filter((part, index) => part !== '*' || parts[index - 1] !== '*');

/** Families that differ in one place only, by too many different words, become one. */
function generalised(families: ReadonlyMap<string, Family>): Map<string, Family> {
  let all = [...families.values()];
  for (let at = 0; at < MAX_PARTS; at += 1) {
    const words = new Map<string, Set<string>>();
    for (const { parts } of all) {
      const word = parts[at];
      if (word === undefined || word === '*') continue;
      const before = parts.slice(0, at).join(':');
      words.set(before, (words.get(before) ?? new Set()).add(word));
    }
    const most = at === 0 ? MOST_FIRST_WORDS : MOST_WORDS;
    all = merged(
      all.map((family) => {
        const { parts } = family;
        if (parts[at] === undefined || (words.get(parts.slice(0, at).join(':'))?.size ?? 0) <= most)
          return family;
        return { ...family, parts: squeezed(parts.map((part, index) => (index === at ? '*' : part))) };
      }),
    );
  }
  return new Map(all.map((family) => [family.parts.join(':'), family]));
}

function merged(families: readonly Family[]): Family[] {
  const by = new Map<string, Family>();
  for (const family of families) {
    const name = family.parts.join(':');
    const known = by.get(name);
    if (known === undefined) by.set(name, { ...family });
    else known.keys += family.keys;
  }
  return [...by.values()];
}
