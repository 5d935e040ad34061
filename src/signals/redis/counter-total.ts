import { type Id, measured } from '../../evidence/types.ts';
import { wholeNumber } from '../../values/parse.ts';
import { type Claim, ELSEWHERE, type Family, type Finished, Skipped } from './family.ts';
import { entityOf, type KeyTemplate, toId } from './keys.ts';
import { sampled } from './sampled.ts';
import type { Key, KeyAccess } from './servers.ts';

/**
 * The sum of all keys of one family as a rate. Each count sets the TTL of its key anew, so a key counts since the last
 * pause, however long ago that was: the rate is at most that.
 */
export class CounterTotal implements Family {
  readonly remembers = false;
  readonly labels: readonly string[];
  readonly prefixes: readonly string[];
  readonly #template: KeyTemplate;
  readonly #windowSeconds: number;
  readonly #skipped = new Skipped();
  #seen = false;
  #total = 0;
  #squares = 0;
  #entities = 0;
  #largest: { readonly id: Id; readonly value: number } | null = null;

  constructor(template: KeyTemplate, windowSeconds: number) {
    this.#template = template;
    this.#windowSeconds = windowSeconds;
    this.labels = [template.label];
    this.prefixes = [template.prefix];
  }

  claim(key: string, name: Key): Claim | null {
    const entity = entityOf(key, this.#template);
    return entity === null ? null : { entity, wanted: [name], self: 0 };
  }

  take({ entity }: Claim, [text]: readonly (string | null)[]): void {
    if (text == null) return;
    this.#seen = true;
    const value = wholeNumber(text);
    if (value === null) {
      this.#skipped.count('not a whole number');
      return;
    }
    this.#total += value;
    this.#squares += value * value;
    this.#entities += 1;
    if (value > (this.#largest?.value ?? 0)) this.#largest = { id: toId(entity.slice(0, 256)), value };
  }

  skip(): void {
    this.#seen = true;
    this.#skipped.count('not a string');
  }

  miss(): void {
    this.#seen = true;
    this.#skipped.count(ELSEWHERE);
  }

  async finish(_: KeyAccess, coverage: number): Promise<Finished | null> {
    if (!this.#seen) return null;
    const perSecond = (value: number) => value / this.#windowSeconds;
    const counted = {
      total: perSecond(this.#total),
      squares: perSecond(perSecond(this.#squares)),
      distinct: this.#entities,
    };
    const { total, coverage: covered, sample } = sampled(counted, coverage);
    return {
      reading: measured({
        ...{ total, coverage: covered, sample, atMost: true, distinct: null, rows: [] },
        warnings: this.#skipped.warnings(this.#template.label),
      }),
      sources: [{ entities: this.#entities, sample: this.#largest }],
    };
  }
}
