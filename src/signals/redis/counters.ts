import type { Redis } from 'ioredis';
import { measured, type Reading, type Row, unknown } from '../../evidence/types.ts';
import { isPublicAddress } from '../../values/address.ts';
import { isValidId } from '../entities.ts';
import { type Claim, type Family, MAX_ENTITY_BYTES, Skipped, ttlSeconds } from './family.ts';
import { Histogram } from './histogram.ts';
import { entityOf, type KeyTemplate, keyOf, toId } from './keys.ts';
import { TopK } from './top-k.ts';

const TOP = 200;
const TOP_STRANGERS = 20;
/** Fifteen digits are exact in a double. */
const WHOLE_NUMBER = /^\d{1,15}$/;

interface Counter {
  readonly entity: string;
  readonly value: number;
}

interface Options {
  readonly template: KeyTemplate;
  readonly kind: string | null;
  readonly windowSeconds: number;
  /** True when every count sets the TTL anew to the window, so that the TTL tells when the last one was. */
  readonly renewed: boolean;
}

/** Whole-number counters, one key an entity: totals, spread and the largest, each with the time of its last count. */
export class CounterFamily implements Family {
  readonly label: string;
  readonly prefixes: readonly string[];
  readonly #options: Options;
  readonly #top = new TopK<Counter>(TOP);
  /** Apart, so that no number of names that are not ids can push an id out. */
  readonly #topStrangers = new TopK<Counter>(TOP_STRANGERS);
  readonly #histogram = new Histogram();
  readonly #skipped = new Skipped();
  readonly #strangers = { distinct: 0, total: 0, largest: 0 };
  readonly #strangerHistogram = new Histogram();
  #shownStrangers = 0;
  #seen = false;
  #total = 0;
  #distinct = 0;

  constructor(options: Options) {
    this.#options = options;
    this.label = options.template.label;
    this.prefixes = [options.template.prefix];
  }

  claim(key: string, bytes: Buffer): Claim | null {
    const entity = entityOf(key, this.#options.template, '');
    return entity === null ? null : { entity, wanted: [bytes], self: 0 };
  }

  take({ entity }: Claim, [bytes]: readonly (Buffer | null)[]): void {
    if (!bytes) return;
    this.#seen = true;
    const text = bytes.toString('latin1');
    const value = WHOLE_NUMBER.test(text) ? Number(text) : null;
    if (entity.length > MAX_ENTITY_BYTES) {
      this.#skipped.count(`with a name over ${MAX_ENTITY_BYTES} bytes`);
      this.#stranger(value ?? 0);
    } else if (value === null) {
      this.#skipped.count('not a whole number');
    } else if (value > 0) {
      this.#add(entity, value);
    }
  }

  skip(): void {
    this.#seen = true;
    this.#skipped.count('not a string');
  }

  async finish(redis: Redis): Promise<Reading | null> {
    if (!this.#seen) return null;
    const skipped = this.#skipped.warnings(this.label);
    // Not one of them could be read: that is not zero.
    if (this.#distinct === 0 && this.#strangers.distinct === 0 && skipped.length > 0) {
      return { ...unknown('malformed', skipped.join('; ')), warnings: skipped };
    }
    const { template, kind, renewed, windowSeconds } = this.#options;
    const top = [...this.#top.sorted(), ...this.#topStrangers.sorted()].sort(
      (a, b) => b.value - a.value || (a.entity < b.entity ? -1 : 1),
    );
    const ttls = await ttlSeconds(redis, renewed ? top.map(({ entity }) => keyOf(entity, template, '')) : []);
    const rows = top.map(({ entity, value }, index): Row => {
      const id = toId(entity);
      const ttl = ttls[index] ?? null;
      return {
        id,
        ...validity(kind, id),
        value,
        share: this.#total > 0 ? value / this.#total : null,
        lastSeenSeconds: ttl === null ? null : Math.max(0, Math.round(windowSeconds - ttl)),
        labels: {},
        limit: null,
      };
    });
    return measured({
      total: this.#total,
      distinct: this.#distinct,
      rows,
      distribution: this.#histogram.bins(),
      strangers: { ...this.#strangers, bins: this.#strangerHistogram.bins() },
      warnings: [...skipped, ...this.#strangerWarning(rows)],
    });
  }

  #add(entity: string, value: number): void {
    this.#total += value;
    this.#distinct += 1;
    if (isValidId(this.#options.kind, entity)) {
      this.#histogram.add(value);
      if (this.#top.admits(value)) this.#top.add(value, { entity, value });
    } else {
      this.#shownStrangers += 1;
      this.#stranger(value);
      if (this.#topStrangers.admits(value)) this.#topStrangers.add(value, { entity, value });
    }
  }

  #stranger(value: number): void {
    this.#strangers.distinct += 1;
    this.#strangers.total += value;
    this.#strangers.largest = Math.max(this.#strangers.largest, value);
    if (value > 0) this.#strangerHistogram.add(value);
  }

  #strangerWarning(rows: readonly Row[]): string[] {
    if (this.#shownStrangers === 0) return [];
    const bytes = rows.some((row) => typeof row.id !== 'string')
      ? ', some not UTF-8 (shown as hexadecimal)'
      : '';
    return [
      `${this.#shownStrangers} of ${this.#distinct} names in ${this.label} are not ${this.#options.kind === 'ip' ? 'IP addresses' : 'valid ids'}${bytes}: counted in the totals, never proposed for a remedy`,
    ];
  }
}

function validity(kind: string | null, id: Row['id']): Pick<Row, 'valid' | 'public'> {
  const valid = typeof id === 'string' && isValidId(kind, id);
  return { valid, public: valid && kind === 'ip' && typeof id === 'string' ? isPublicAddress(id) : null };
}
