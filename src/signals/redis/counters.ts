import { type Id, measured, type Row, rowOf, unknown } from '../../evidence/types.ts';
import { isPublicAddress } from '../../values/address.ts';
import { wholeNumber } from '../../values/parse.ts';
import type { Period } from '../../values/template.ts';
import { isValidId } from '../entities.ts';
import {
  type Claim,
  ELSEWHERE,
  type Family,
  type Finished,
  type Found,
  MAX_ENTITY_BYTES,
  Skipped,
  ttlSeconds,
} from './family.ts';
import { Histogram } from './histogram.ts';
import { entityOf, type KeyTemplate, keyOf, toId } from './keys.ts';
import { sampled } from './sampled.ts';
import { Counted } from './seen.ts';
import type { Key, KeyAccess } from './servers.ts';
import { TopK } from './top-k.ts';

const TOP = 200;
const TOP_STRANGERS = 20;

/** One key family of counters. */
export interface CounterSpec {
  readonly template: KeyTemplate;
  /** null: a day or a month, by its date. */
  readonly windowSeconds: number | null;
  /** True when every count sets the TTL anew to the window, so that the TTL tells when the last one was. */
  readonly renewed: boolean;
  readonly stopsAt: number | null;
  /** True when the client itself chose the name. */
  readonly claimed: boolean;
  readonly period: Period | null;
}

interface Counter {
  readonly entity: string;
  readonly value: number;
  /** Which of the families it was read from. */
  readonly from: number;
}

/**
 * Whole-number counters, one key an entity: totals, spread and the largest, each with the time of its last count.
 * Several families may name the same entity; it counts once, with the larger value.
 */
export class CounterFamily implements Family {
  readonly remembers: boolean;
  readonly labels: readonly string[];
  readonly prefixes: readonly string[];
  readonly #specs: readonly CounterSpec[];
  readonly #kind: string | null;
  readonly #top = new TopK<Counter>(TOP);
  /** Apart, so that no number of names that are not ids can push an id out. */
  readonly #topStrangers = new TopK<Counter>(TOP_STRANGERS);
  readonly #histogram = new Histogram();
  readonly #skipped: readonly Skipped[];
  readonly #strangers = { distinct: 0, total: 0, largest: 0 };
  readonly #strangerHistogram = new Histogram();
  readonly #found: { entities: number; sample: { entity: string; value: number } | null }[];
  readonly #counted: Counted | null;
  #shownStrangers = 0;
  #seen = false;
  #isUndated = false;
  #total = 0;
  #distinct = 0;

  constructor(specs: readonly CounterSpec[], kind: string | null) {
    this.#specs = specs;
    this.#kind = kind;
    this.labels = specs.map(({ template }) => template.label);
    this.prefixes = specs.map(({ template }) => template.prefix);
    this.#skipped = specs.map(() => new Skipped());
    this.#found = specs.map(() => ({ entities: 0, sample: null }));
    // Of several families the entities are remembered, so their keys need not be.
    this.remembers = specs.length > 1;
    this.#counted = this.remembers ? new Counted() : null;
  }

  claim(key: string, name: Key): Claim | null {
    for (const [self, { template }] of this.#specs.entries()) {
      const entity = entityOf(key, template);
      if (entity !== null) return { entity, wanted: [name], self: 0, from: self };
    }
    return null;
  }

  take({ entity, from = 0 }: Claim, [text]: readonly (string | null)[]): void {
    if (text == null) return;
    this.#seen = true;
    const value = wholeNumber(text);
    if (entity.length > MAX_ENTITY_BYTES) {
      this.#skipped[from]?.count(`with a name over ${MAX_ENTITY_BYTES} bytes`);
      this.#stranger(value ?? 0);
    } else if (value === null) {
      this.#skipped[from]?.count('not a whole number');
    } else if (value > 0) {
      this.#add({ entity, value, from });
    }
  }

  skip({ from = 0 }: Claim): void {
    this.#seen = true;
    this.#skipped[from]?.count('not a string');
  }

  miss({ from = 0 }: Claim): void {
    this.#seen = true;
    this.#skipped[from]?.count(ELSEWHERE);
  }

  async finish(keys: KeyAccess, coverage: number): Promise<Finished | null> {
    if (!this.#seen) return null;
    const skipped = this.#skipped.flatMap((one, index) => one.warnings(this.labels[index] ?? ''));
    const sources = this.#found.map(
      ({ entities, sample }): Found => ({
        entities,
        sample: sample && { id: toId(sample.entity), value: sample.value },
      }),
    );
    // Not one of them could be read: that is not zero.
    if (this.#distinct === 0 && this.#strangers.distinct === 0 && skipped.length > 0) {
      return { reading: { ...unknown('malformed', skipped.join('; ')), warnings: skipped }, sources };
    }
    const numbers = sampled(this.#numbers(), coverage);
    const rows = await this.#rows(keys, numbers.total);
    const reading = measured({
      ...numbers,
      rows,
      distribution: this.#histogram.bins(),
      strangers: { ...this.#strangers, bins: this.#strangerHistogram.bins() },
      warnings: [...skipped, ...this.#strangerWarning(rows), ...this.#lossWarnings()],
    });
    return { reading, sources };
  }

  #numbers() {
    const squares = [...this.#histogram.bins(), ...this.#strangerHistogram.bins()].reduce(
      (sum, bin) => sum + bin.squares,
      0,
    );
    return { total: this.#total, squares, distinct: this.#distinct };
  }

  /** The largest, each with what its keys in all the families tell. */
  async #rows(access: KeyAccess, total: number): Promise<Row[]> {
    const best = new Map<string, Counter>();
    for (const one of [...this.#top.sorted(), ...this.#topStrangers.sorted()]) {
      if ((best.get(one.entity)?.value ?? 0) < one.value) best.set(one.entity, one);
    }
    const top = [...best.values()].sort((a, b) => b.value - a.value || (a.entity < b.entity ? -1 : 1));
    const specs = this.#specs;
    // Only a TTL tells which of several families hold it; with one it is asked for where it means something.
    const isAsked = specs.length > 1 || specs.some(({ renewed }) => renewed);
    const keys = isAsked
      ? top.flatMap(({ entity }) => specs.map(({ template }) => keyOf(entity, template)))
      : [];
    const ttls = await this.#ttls(access, keys);
    return top.map((one, index) => {
      const own = ttls.slice(index * specs.length, (index + 1) * specs.length);
      const holds = specs.flatMap((spec, at) =>
        at === one.from || (own[at] !== undefined && own[at] !== 'gone') ? [{ spec, ttl: own[at] }] : [],
      );
      const seen = holds.flatMap(({ spec, ttl }) =>
        spec.renewed && typeof ttl === 'number' && ttl <= (spec.windowSeconds ?? 0)
          ? [Math.round((spec.windowSeconds ?? 0) - ttl)]
          : [],
      );
      const id = toId(one.entity);
      const from = specs[one.from];
      return rowOf({
        id,
        ...validity(this.#kind, id),
        sources: holds.map(({ spec }) => spec.template.label),
        claimed: holds.every(({ spec }) => spec.claimed),
        value: one.value,
        atLeast: from?.stopsAt != null && one.value >= from.stopsAt,
        share: total > 0 ? one.value / total : null,
        lastSeenSeconds: seen.length > 0 ? Math.min(...seen) : null,
        expires: own[one.from] === undefined ? null : own[one.from] !== null,
        period: from?.period ?? null,
      });
    });
  }

  /** Where the server is gone by now, what it told before stands, and only this is not known. */
  async #ttls(access: KeyAccess, keys: readonly Key[]): Promise<(number | 'gone' | null | undefined)[]> {
    try {
      const ttls = await ttlSeconds(access, keys);
      this.#isUndated = ttls.includes(undefined);
      return ttls;
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) throw error;
      this.#isUndated = true;
      return [];
    }
  }

  #add(counter: Counter): void {
    const { entity, value, from } = counter;
    const before = this.#counted?.raise(entity, value, from) ?? null;
    const found = this.#counted?.isAgain === true ? undefined : this.#found[from];
    if (found !== undefined) {
      found.entities += 1;
      if ((found.sample?.value ?? 0) < value) found.sample = { entity, value };
    }
    if (before !== null && before >= value) return;
    this.#total += value - (before ?? 0);
    this.#distinct += before === null ? 1 : 0;
    if (isValidId(this.#kind, entity)) {
      if (before !== null) this.#histogram.remove(before);
      this.#histogram.add(value);
      if (this.#top.admits(value)) this.#top.add(value, counter);
    } else {
      this.#shownStrangers += before === null ? 1 : 0;
      this.#stranger(value, before);
      if (this.#topStrangers.admits(value)) this.#topStrangers.add(value, counter);
    }
  }

  #stranger(value: number, before: number | null = null): void {
    this.#strangers.distinct += before === null ? 1 : 0;
    this.#strangers.total += value - (before ?? 0);
    this.#strangers.largest = Math.max(this.#strangers.largest, value);
    if (before !== null) this.#strangerHistogram.remove(before);
    if (value > 0) this.#strangerHistogram.add(value);
  }

  #strangerWarning(rows: readonly Row[]): string[] {
    if (this.#shownStrangers === 0) return [];
    const bytes = rows.some((row) => typeof row.id !== 'string')
      ? ', some not UTF-8 (shown as hexadecimal)'
      : '';
    const labels = this.labels.filter((_, index) => (this.#found[index]?.entities ?? 0) > 0);
    return [
      `${this.#shownStrangers} of ${this.#distinct} names in ${labels.join(', ')} are not ${this.#kind === 'ip' ? 'IP addresses' : 'valid ids'}${bytes}: counted in the totals, never proposed for a remedy`,
    ];
  }

  #lossWarnings(): string[] {
    const names = this.labels.join(', ');
    return [
      ...(this.#counted?.overflowed === true
        ? [`more names than can be told apart: one that is in several of ${names} may be counted twice`]
        : []),
      ...(this.#isUndated ? [`when they were last seen could not be read of ${names}`] : []),
    ];
  }
}

function validity(kind: string | null, id: Id): Pick<Row, 'valid' | 'public'> {
  const valid = typeof id === 'string' && isValidId(kind, id);
  return { valid, public: valid && kind === 'ip' && typeof id === 'string' ? isPublicAddress(id) : null };
}
