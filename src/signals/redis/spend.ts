import type { Redis } from 'ioredis';
import { type Limit, measured, type Reading, type Row } from '../../evidence/types.ts';
import { readStoredUsd } from '../../values/money.ts';
import { isValidId } from '../entities.ts';
import { type Claim, type Family, MAX_ENTITY_BYTES, Skipped, typesOf } from './family.ts';
import { entityOf, type KeyTemplate, keyOf, toId } from './keys.ts';
import { TopK } from './top-k.ts';

const TOP = 200;
/** Before that much of the day has passed, a mean since midnight says nothing about the rate of spending. */
const MIN_ELAPSED_SECONDS = 600;

interface Options {
  readonly spend: KeyTemplate;
  readonly cap: KeyTemplate;
  readonly kind: string | null;
  /** Today, UTC, yyyymmdd. */
  readonly date: string;
  /** Seconds since midnight, UTC. */
  readonly elapsedSeconds: number;
}

interface Ranked {
  readonly row: Row;
  /** The key that holds no string; null when there is a spend. */
  readonly missing: Buffer | null;
}

/**
 * Spend against cap, each in a key of its own. Both keys are read together whichever of them comes by, so nothing has
 * to be remembered for the other half: a cap brings its agent's row, a spend without a cap brings one of its own.
 */
export class SpendFamily implements Family {
  readonly label: string;
  readonly prefixes: readonly string[];
  readonly #options: Options;
  readonly #top = new TopK<Ranked>(TOP);
  readonly #skipped = new Skipped();
  readonly #unusable: string[] = [];
  #unusableCount = 0;
  #uncapped = 0;
  #notUtf8 = 0;
  #seen = false;
  #total = 0;
  #distinct = 0;

  constructor(options: Options) {
    this.#options = options;
    this.label = `${options.spend.label} / ${options.cap.label}`;
    this.prefixes = [options.spend.prefix, options.cap.prefix];
  }

  claim(key: string, bytes: Buffer): Claim | null {
    const { spend, cap, date } = this.#options;
    const capped = entityOf(key, cap, date);
    if (capped !== null) return { entity: capped, wanted: [keyOf(capped, spend, date), bytes], self: 1 };
    const spender = entityOf(key, spend, date);
    return spender === null ? null : { entity: spender, wanted: [bytes, keyOf(spender, cap, date)], self: 0 };
  }

  take({ entity, self }: Claim, [spendBytes, capBytes]: readonly (Buffer | null)[]): void {
    const { spend, date } = this.#options;
    this.#seen = true;
    // The agent's row comes with its cap's key; a spend key adds one only where there is no cap.
    if (self === 0 && capBytes) return;
    if (entity.length > MAX_ENTITY_BYTES) {
      this.#skipped.count(`with a name over ${MAX_ENTITY_BYTES} bytes`);
      return;
    }
    const spent = spendBytes ? decimal(spendBytes.toString('latin1')) : 0;
    if (spent === null || spent < 0) {
      this.#skipped.count(spent === null ? 'with a spend that is not a number' : 'with a negative spend');
      return;
    }
    this.#distinct += 1;
    this.#total += spent;
    const limit = this.#limitOf(capBytes ?? null, spent);
    const id = toId(entity);
    if (typeof id !== 'string') this.#notUtf8 += 1;
    if (limit.problem === 'none') this.#uncapped += 1;
    if (limit.problem === 'invalid')
      this.#noteUnusable(String(typeof id === 'string' ? id : id.hex), limit.stored ?? '');
    const rank = limit.ratio ?? (limit.problem === 'invalid' ? 0 : -1 / (1 + spent));
    const row: Row = {
      id,
      valid: typeof id === 'string' && isValidId(this.#options.kind, id),
      public: null,
      value: spent,
      share: null,
      lastSeenSeconds: null,
      labels: {},
      limit,
    };
    this.#top.add(rank, { row, missing: spendBytes ? null : keyOf(entity, spend, date) });
  }

  skip(): void {
    this.#seen = true;
    this.#skipped.count('not a string');
  }

  async finish(redis: Redis): Promise<Reading | null> {
    if (!this.#seen) return null;
    const readable = await this.#readable(redis);
    const rows = readable.map((row) => ({ ...row, share: this.#total > 0 ? row.value / this.#total : null }));
    return measured({
      total: this.#total,
      distinct: this.#distinct,
      rows,
      warnings: [...this.#skipped.warnings(this.label), ...this.#capWarnings()],
    });
  }

  /** No spend is nothing spent only where there is no key: one of another type was skipped, and is not zero. */
  async #readable(redis: Redis): Promise<Row[]> {
    const ranked = this.#top.sorted();
    const missing = ranked.filter((one) => one.missing !== null);
    const types = await typesOf(
      redis,
      missing.flatMap((one) => one.missing ?? []),
    );
    const unreadable = new Set(
      missing.filter((_, index) => types[index] !== 'none' && types[index] !== 'string'),
    );
    this.#distinct -= unreadable.size;
    return ranked.filter((one) => !unreadable.has(one)).map(({ row }) => row);
  }

  #limitOf(capBytes: Buffer | null, spent: number): Limit {
    const { elapsedSeconds } = this.#options;
    const perHour = elapsedSeconds >= MIN_ELAPSED_SECONDS ? spent / (elapsedSeconds / 3600) : null;
    if (capBytes === null) return { value: null, ratio: null, problem: 'none', stored: null, perHour };
    const text = capBytes.toString('utf8');
    const value = decimal(text);
    if (value === null || value <= 0) {
      return { value: null, ratio: null, problem: 'invalid', stored: text.slice(0, 40), perHour };
    }
    return { value, ratio: spent / value, problem: null, stored: null, perHour };
  }

  #noteUnusable(agent: string, stored: string): void {
    this.#unusableCount += 1;
    if (this.#unusable.length < 5) this.#unusable.push(`${agent} = ${JSON.stringify(stored)}`);
  }

  #capWarnings(): string[] {
    const warnings: string[] = [];
    if (this.#unusableCount > 0) {
      const more = this.#unusableCount > this.#unusable.length ? ', ...' : '';
      warnings.push(
        `${this.#unusableCount} of the caps in ${this.#options.cap.label} cannot be used, which means no cap at all: ${this.#unusable.join(', ')}${more}`,
      );
    }
    if (this.#uncapped > 0) {
      warnings.push(`${this.#uncapped} of ${this.#distinct} agents have spent today and have no cap`);
    }
    if (this.#notUtf8 > 0) {
      warnings.push(
        `${this.#notUtf8} of ${this.#distinct} names are not UTF-8 (shown as hexadecimal): counted in the totals, never proposed for a remedy`,
      );
    }
    return warnings;
  }
}

/** A number that an amount is, or null for anything else (nan, inf, hexadecimal, empty, text). */
const decimal = (text: string): number | null => readStoredUsd(text)?.toNumber() ?? null;
