import { counter, series } from './openmetrics.ts';

/** A caller and how many requests a second it sends at a moment, seconds from now. */
interface Caller {
  readonly caller: string;
  readonly tier: string;
  readonly sends: (offset: number) => number;
}

type Outcome = 'accepted' | 'rejected';

/**
 * What a limiter of token buckets counts while several callers send: a bucket a caller, which holds one second's worth of
 * its own limit. Each second is played; arrivals go up and down by a fifth, always in the same way.
 * @param limitOf requests a second
 */
export class TpsSimulation {
  readonly #rates = new Map<
    string,
    { readonly caller: Caller; readonly of: Readonly<Record<Outcome, number[]>> }
  >();
  readonly #from: number;

  constructor(
    callers: readonly Caller[],
    limitOf: (caller: string) => number,
    { from = -2_400, to = 900 } = {},
  ) {
    this.#from = from;
    let seed = 7;
    const wobble = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return 0.8 + (0.4 * seed) / 2_147_483_648;
    };
    for (const caller of callers) {
      const limit = limitOf(caller.caller);
      const of = { accepted: [] as number[], rejected: [] as number[] };
      let [tokens, rest] = [limit, 0];
      for (let at = from; at < to; at += 1) {
        const wanted = caller.sends(at) * wobble() + rest;
        const arrived = Math.floor(wanted);
        rest = wanted - arrived;
        tokens = Math.min(limit, tokens + limit);
        const accepted = Math.min(arrived, Math.floor(tokens));
        tokens -= accepted;
        of.accepted.push(accepted);
        of.rejected.push(arrived - accepted);
      }
      this.#rates.set(caller.caller, { caller, of });
    }
  }

  /** Its counters as they were scraped. @param now seconds since the epoch */
  series(now: number, step = 15): ReturnType<typeof series>[] {
    return this.#all().map(({ labels, counts }) => {
      // Between two scrapes what was counted in each second of it.
      const between = (offset: number) =>
        sum(counts.slice(offset - step - this.#from, offset - this.#from)) / step;
      const span = { from: this.#from, to: this.#from + counts.length - step, step };
      return series('tps_requests_total', labels, counter(now, { ...span, perSecond: between }));
    });
  }

  /** The same for promtool: a value a minute. */
  input(): { readonly series: string; readonly values: string }[] {
    return this.#all().map(({ labels, counts }) => {
      let total = 0;
      const values = counts.flatMap((count, second) => {
        total += count;
        return second % 60 === 0 ? [total] : [];
      });
      const text = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
      return { series: `tps_requests_total{${text.join(',')}}`, values: values.join(' ') };
    });
  }

  #all() {
    return [...this.#rates.values()].flatMap(({ caller: { caller, tier }, of }) =>
      (['accepted', 'rejected'] as const).map((outcome) => ({
        labels: { job: 'edge', instance: 'edge-1:9100', caller, tier, outcome },
        counts: of[outcome],
      })),
    );
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
