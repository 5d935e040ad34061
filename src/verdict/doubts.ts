import type { CategorySpec } from '../runbooks/schema.ts';
import { outcome, type Scene } from './ask.ts';
import { evaluate } from './conditions.ts';
import { unique } from './logic.ts';
import type { Caveat, Check, Outcome, Subject } from './types.ts';

/** What the checks of a category came to. */
export interface Doubts {
  /** Steps of confidence that they cost. */
  readonly cost: number;
  readonly caveats: readonly Caveat[];
  readonly checks: readonly Check[];
  readonly withheld: readonly { readonly id: string; readonly except: readonly string[] }[];
  readonly deferred: readonly string[];
  /** Ids of subjects that are not to be named while others remain. */
  readonly acquitted: readonly string[];
}

/** What only some sources tell beside their numbers. */
const IS_EXTRA = /^(?:usual-|(?:ended|outgrown|over-limit|under-limit|outweighs)$)/;

/** Makes all checks of a category before its finding is believed. */
export function check(spec: CategorySpec, subjects: readonly Subject[], scene: Scene): Doubts {
  const costs = new Costs(subjects);
  const caveats: Caveat[] = [];
  const checks: Check[] = [];
  const unseen: Record<'unknown' | 'absent', Outcome[]> = { unknown: [], absent: [] };
  const withheld: { id: string; except: readonly string[] }[] = [];
  const deferred: string[] = [];
  const acquitted: string[] = [];
  for (const { code, text, when, lowers, group, withholds, defers, acquits } of spec.caveats) {
    const found = evaluate(when, scene);
    const { state, because } = found;
    if (state === 'absent' && because.every(({ code: asked }) => IS_EXTRA.test(asked))) {
      checks.push({ code, state: 'not-told', because });
    } else if (state === 'unknown' || state === 'absent') unseen[state].push(outcome(state, because));
    else if (state === 'not-met') checks.push({ code, state: 'clear', because });
    else if (state === 'unasked') checks.push({ code, state: 'not-configured', because });
    // It may hold: not to know must not cost less than to know.
    if (state === 'unknown') costs.add(lowers, group);
    if (state !== 'met') continue;
    caveats.push({ code, text, because });
    const doubted = subjects.filter(({ kind, id }) =>
      found.subjects.some((subject) => subject.kind === kind && subject.id === id),
    );
    const except = doubted.map(({ id }) => id);
    // About others of their kind it is nothing to the subjects; about nobody in particular it is a doubt about all.
    const isTheirs = found.subjects.some(({ kind }) => subjects.some((subject) => subject.kind === kind));
    costs.add(lowers, group, isTheirs ? doubted : subjects);
    for (const id of withholds) {
      const each = spec.respond.find((step) => step.id === id)?.each ?? null;
      // A response for each agent cannot leave out a tenant.
      const isOf = each === null || found.subjects.some(({ kind }) => kind === each);
      if (!isTheirs || !isOf) withheld.push({ id, except: [] });
      else if (except.length > 0) withheld.push({ id, except });
    }
    deferred.push(...defers);
    if (acquits) acquitted.push(...except);
  }
  for (const state of ['unknown', 'absent'] as const) {
    if (unseen[state].length === 0) continue;
    caveats.push({ code: `signal-${state}`, text: null, because: unique(unseen[state]) });
  }
  // A check that could not be made leaves a doubt, even one that costs nothing.
  const cost = Math.max(costs.ofAll(), unseen.unknown.length > 0 ? 1 : 0);
  return { cost, caveats, checks, withheld, deferred, acquitted };
}

/**
 * What doubts cost a finding. A doubt about some subjects of a kind is no doubt about the others: the finding is as sure
 * as what is said of the least doubtful of them.
 */
class Costs {
  readonly #subjects: readonly Subject[];
  /** By subject, or of the finding itself where it has none; by group, or by itself. */
  readonly #costs = new Map<Subject | null, Map<string, number>>();
  #alone = 0;

  constructor(subjects: readonly Subject[]) {
    this.#subjects = subjects;
  }

  /** @param doubted those that it is about; without it, all of them */
  add(lowers: number, group: string | null, doubted: readonly Subject[] = this.#subjects): void {
    const name = group ?? String(this.#alone++);
    for (const subject of this.#subjects.length === 0 ? [null] : doubted) {
      const costs = this.#costs.get(subject) ?? new Map<string, number>();
      costs.set(name, Math.max(costs.get(name) ?? 0, lowers));
      this.#costs.set(subject, costs);
    }
  }

  ofAll(): number {
    const of = (subject: Subject | null) =>
      [...(this.#costs.get(subject)?.values() ?? [])].reduce((sum, cost) => sum + cost, 0);
    if (this.#subjects.length === 0) return of(null);
    const kinds = new Set(this.#subjects.map(({ kind }) => kind));
    return Math.max(
      ...[...kinds].map((kind) => Math.min(...this.#subjects.filter((one) => one.kind === kind).map(of))),
    );
  }
}
