import { Big } from 'big.js';
import type { HttpTarget } from '../config/types.ts';
import type { RaiseSpec } from '../runbooks/remedies-schema.ts';
import type { Clock } from '../signals/asked.ts';
import type { Held, Keyspace } from '../signals/redis/keyspace.ts';
import { formatUsd, raiseBy, showUsd } from '../values/money.ts';
import { type CapKeys, type CapLook, lookAtCap, type Spent, sincePeriod, usableCap } from './cap.ts';
import { envelopeProblem } from './envelope.ts';
import { guardToken } from './guards.ts';
import { foreignKey, NO_PLAN, plannedKey, unchangedKey } from './states.ts';
import type { Plan, Planned, Refusal, Remedy, Verification, Watch } from './types.ts';

/** What the cap is to be: an amount, or a raise of what it is. */
export type Raise = { readonly to: Big } | { readonly by: Big } | { readonly byPercent: Big };

export type CapGuard = 'lower' | 'ceiling';

export interface RaiseOrder {
  /** Letters, digits, dash and underscore. */
  readonly agent: string;
  readonly raise: Raise;
  /** Also tell the API, for this tenant; null: do not. */
  readonly permanent: { readonly tenant: string; readonly api: HttpTarget } | null;
  /** USD above which it takes --force-ceiling; null: ten times the present cap. */
  readonly ceiling: Big | null;
  readonly forced: ReadonlySet<CapGuard>;
}

interface World {
  readonly keyspace: Keyspace;
  readonly clock: Clock;
}

/** Without a configured ceiling, more than that many times the present cap looks like a slip of the finger. */
const MOST_TIMES = 10;

/** Raises an agent's daily cap: a decimal without an expiry, since a cap that expires is no cap. */
export function raiseCap(spec: RaiseSpec, keys: CapKeys, order: RaiseOrder, world: World): Remedy {
  const { agent, permanent } = order;
  const { clock } = world;
  return {
    name: 'raise-cap',
    mayKeepReason: false,
    undoes: null,
    plan: async (): Promise<Plan> => {
      const found = await lookAtCap(agent, keys, world);
      const { capKey, nowMs, stored: present, isForeign, spent } = found;
      const cap = usableCap(present);
      const next = wanted(order.raise, cap);
      const common = {
        ...NO_PLAN,
        subject: `agent ${agent}${next === null ? '' : ` to ${showUsd(next)}`}`,
        facts: facts(present, cap, spent),
        systemMs: nowMs,
      };
      const inTheClear = permanent === null ? null : guardToken(permanent.api);
      if (inTheClear !== null) return { ...common, refusals: [inTheClear] };
      if (isForeign) return { ...common, planned: [foreignKey(capKey)] };
      if (next === null) return { ...common, refusals: [NOTHING_TO_ADD_TO] };
      if (next.lt('0.01')) return { ...common, refusals: [TOO_SMALL] };
      const value = formatUsd(next);
      const isSet = present?.value === value && present.expiresAtMs === null;
      const planned: Planned[] = [
        isSet
          ? unchangedKey(capKey, present, nowMs, clock)
          : plannedKey(
              { system: 'redis', key: capKey, expect: present, set: { value, expiry: null } },
              ...([present, nowMs, clock] as const),
            ),
      ];
      if (permanent !== null && spec.permanent !== null) {
        planned.push(permanentCall(spec.permanent, agent, permanent, value));
      }
      return {
        ...common,
        planned,
        refusals: guard(order, cap, next),
        warnings: warn(present, cap, spent, next, permanent !== null),
        watch: new SpendWatch(found, value),
      };
    },
  };
}

function wanted(raise: Raise, cap: Big | null): Big | null {
  if ('to' in raise) return raise.to;
  if (cap === null) return null;
  return 'by' in raise ? cap.plus(raise.by).round(2, Big.roundHalfUp) : raiseBy(cap, raise.byPercent);
}

const NOTHING_TO_ADD_TO: Refusal = {
  guard: 'no-cap',
  message: '--by raises a cap, and the agent has none: give an amount with --to',
  override: '--to',
};

const TOO_SMALL: Refusal = {
  guard: 'amount',
  message: 'that raise comes to less than a cent: give an amount with --to',
  override: '--to',
};

function guard({ ceiling, forced }: RaiseOrder, cap: Big | null, next: Big): Refusal[] {
  const refusals: Refusal[] = [];
  if (cap?.gt(next) && !forced.has('lower')) {
    const message = `${showUsd(next)} is lower than the present cap ${showUsd(cap)}`;
    refusals.push({ guard: 'lower', message, override: '--force-lower' });
  }
  const most = ceiling ?? cap?.times(MOST_TIMES) ?? null;
  if (most?.lt(next) && !forced.has('ceiling')) {
    const what =
      ceiling === null ? `${MOST_TIMES} times the present cap` : 'the ceiling of the configuration';
    const message = `${showUsd(next)} is above ${what} (${showUsd(most)})`;
    refusals.push({ guard: 'ceiling', message, override: '--force-ceiling' });
  }
  return refusals;
}

function warn(
  present: Held | null,
  cap: Big | null,
  { usd, period }: Spent,
  next: Big,
  isPermanent: boolean,
): string[] {
  const warnings: string[] = [];
  if (cap === null) {
    const what = present === null ? 'none' : `${JSON.stringify(present.value)}, which means none`;
    warnings.push(`no-cap: the agent's cap is ${what} now; this introduces one of ${showUsd(next)}`);
  }
  if (present?.expiresAtMs != null) {
    warnings.push('the present cap expires, and with it all limits; the new one does not');
  }
  if (usd?.gte(next)) {
    warnings.push(
      `still-blocked: ${showUsd(usd)} are spent already ${sincePeriod(period)}, so ${showUsd(next)} lets nothing through`,
    );
  }
  if (isPermanent)
    warnings.push('the permanent half cannot be undone from here: what the API holds now cannot be read');
  return warnings;
}

function facts(present: Held | null, cap: Big | null, { usd, period }: Spent): Plan['facts'] {
  const ratio = cap === null || usd === null ? null : usd.div(cap).times('100').round(0).toFixed();
  const stored =
    present === null ? 'none' : cap === null ? `none (${JSON.stringify(present.value)})` : showUsd(cap);
  return [
    { name: `spent ${sincePeriod(period)}`, value: usd === null ? 'nothing that is known' : showUsd(usd) },
    { name: 'cap so far', value: stored },
    ...(ratio === null ? [] : [{ name: 'used', value: `${ratio}%` }]),
  ];
}

function permanentCall(
  { method, path, body }: NonNullable<RaiseSpec['permanent']>,
  agent: string,
  { tenant, api }: NonNullable<RaiseOrder['permanent']>,
  value: string,
): Planned {
  const url = `${api.url}${path.replace('{agent}', agent)}`;
  return {
    change: {
      ...{ system: 'api', target: `${method} ${url}`, before: null, status: 'planned', message: null },
      ...{ after: { value, ttlSeconds: null, expiresAt: null }, verified: null },
    },
    write: {
      system: 'api',
      // The amount is put in as the text that it is: 100.00 stays 100.00.
      request: { method, url, headers: { 'X-Tenant-ID': tenant }, body: body.replace('{usd}', value) },
      problemWith: envelopeProblem,
    },
  };
}

/** Is the cap there, and is the spend below it? */
class SpendWatch implements Watch {
  readonly #found: CapLook;
  readonly #value: string;

  constructor(found: CapLook, value: string) {
    this.#found = found;
    this.#value = value;
  }

  async before(): Promise<void> {}

  async after(): Promise<Verification> {
    const seen = this.#judge(await this.#found.again());
    // What the API made of it is not to be seen from here.
    return { ...seen, each: new Map([[this.#found.capKey, seen.verified]]) };
  }

  #judge({ stored: cap, spent }: Pick<CapLook, 'stored' | 'spent'>): Verification {
    if (cap?.value !== this.#value || cap.expiresAtMs !== null) {
      return {
        verified: 'not-enforced',
        text: 'the cap is not there any more: somebody changed it, or Redis evicted it',
      };
    }
    const { usd, period } = spent;
    if (usd?.gte(this.#value)) {
      const text = `the cap is there, and ${showUsd(usd)} are spent already: the agent stays blocked`;
      return { verified: 'not-enforced', text };
    }
    const left =
      usd === null ? '' : `, with ${showUsd(new Big(this.#value).minus(usd))} left ${sincePeriod(period)}`;
    return { verified: 'stored', text: `the cap is there${left}` };
  }
}
