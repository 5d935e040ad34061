import { JournalError } from '../journal/trouble.ts';
import type { NewEvent } from '../journal/types.ts';
import { SourceError } from '../signals/source-error.ts';
import { CONFLICT, changedSince, messageOf, statusOf, withVerified } from './changes.ts';
import type { Door, Order } from './door.ts';
import { record } from './record.ts';
import { declined, NO_REASON, NOBODY, notNamed, notRecorded } from './refusals.ts';
import { settle } from './settle.ts';
import type { Outcome, Plan, Refusal, Remedy, Status, Verification } from './types.ts';

/**
 * The one door through which every change goes: plan from what is there, guards, preview, confirmation, another look,
 * intent in the journal, compare-and-set, outcome in the journal, verification by effect.
 * @returns what became of it; what a system or a guard says is part of that
 * @throws InterruptedError when the operator leaves before anything was written
 */
export async function apply(remedy: Remedy, order: Order, door: Door): Promise<Outcome> {
  const attempt = new Attempt(remedy, order, door);
  try {
    return await attempt.run();
  } catch (error) {
    if (door.interrupt.aborted) throw error;
    if (error instanceof JournalError) return attempt.refuse([notRecorded(error)]);
    if (!(error instanceof SourceError)) throw error;
    return attempt.end('failed', {
      message: `${error.message}. Nothing was changed`,
      because: error.cause === 'auth' ? 'auth' : null,
    });
  }
}

class Attempt {
  readonly #remedy: Remedy;
  readonly #order: Order;
  readonly #door: Door;
  readonly #warnings: string[] = [];
  #id: string | null = null;
  #reason: string | null;
  #plan: Plan | null = null;

  constructor(remedy: Remedy, order: Order, door: Door) {
    this.#remedy = remedy;
    this.#order = order;
    this.#door = door;
    this.#reason = order.reason;
  }

  async run(): Promise<Outcome> {
    const order = this.#order;
    const refusal = this.#early();
    if (refusal !== null) return refusal;
    const plan = await this.#look();
    const settled = this.#settled(plan);
    if (settled !== null) return settled;
    this.#reason ??= plan.keptReason;
    if (this.#reason === null) {
      if (this.#door.ask === null) return this.refuse([NO_REASON]);
      this.#reason = await this.#door.ask.reason();
      // The reason is part of what is written, and while it was typed anything may have happened.
      const since = this.#settled(await this.#look());
      if (since !== null) return since;
    }
    // Whoever pulls the bigger lever without being asked reads at least what should be clear beforehand.
    if ((order.yes || order.dryRun) && plan.checklist.length > 0) this.#door.show(plan);
    if (order.dryRun) return this.#write();
    if (!order.yes) {
      const seen = this.#plan;
      const refused = await this.#confirm();
      if (refused !== null) return refused;
      const again = await this.#look();
      if (again.refusals.length > 0) return this.refuse(again.refusals);
      const changed = seen === null ? [] : changedSince(seen, again, this.#door.clock);
      if (changed.length > 0) return this.end('conflict', { changes: changed, message: CONFLICT });
    }
    return this.#write();
  }

  /** What a look alone decides; null: there is something to write. */
  #settled(plan: Plan): Outcome | null {
    if (plan.refusals.length > 0) return this.refuse(plan.refusals);
    if (plan.nothing !== null) return this.end('unchanged', { message: plan.nothing, because: 'nothing' });
    if (plan.planned.some(({ write }) => write !== null)) return null;
    const changes = plan.planned.map(({ change }) => change);
    if (changes.every(({ status }) => status === 'unchanged')) return this.end('unchanged', { changes });
    const status = statusOf(changes);
    return this.end(status, { changes, message: messageOf(status, changes) });
  }

  /** What can be said without looking at anything. */
  #early(): Outcome | null {
    const { yes, dryRun, reason, command, contextNamed } = this.#order;
    const { ask, production, context } = this.#door;
    const missing: [Refusal, ...string[]][] = [];
    const isNobody = ask === null && !yes && !dryRun;
    if (isNobody) missing.push([NOBODY, '--yes']);
    if (reason === null && ask === null && !this.#remedy.mayKeepReason)
      missing.push([NO_REASON, '--reason', 'why']);
    if (production && (yes || isNobody) && !dryRun && !contextNamed && context !== null) {
      missing.push([notNamed(context), '--context', context]);
    }
    if (missing.length === 0) return null;
    const flags = missing.flatMap(([, ...words]) => words);
    // What stands after a bare -- is no flag.
    const end = command.indexOf('--') < 0 ? command.length : command.indexOf('--');
    return this.refuse(
      missing.map(([refusal]) => refusal),
      [...command.slice(0, end), ...flags, ...command.slice(end)],
    );
  }

  async #look(): Promise<Plan> {
    this.#door.interrupt.throwIfAborted();
    const plan = await this.#remedy.plan(this.#reason);
    this.#plan = plan;
    const { clock } = this.#door;
    const skew = plan.systemMs === null ? 0 : (clock.now() - plan.systemMs) / 1_000;
    this.#warnings.length = 0;
    this.#warnings.push(...plan.warnings);
    if (Math.abs(skew) > MAX_SKEW_SECONDS) {
      const by = `${Math.round(Math.abs(skew))} s ${skew > 0 ? 'ahead of' : 'behind'}`;
      this.#warnings.push(`this machine's clock is ${by} the server's; expiries are given by the server's`);
    }
    return plan;
  }

  /** Asks; null: go on. */
  async #confirm(): Promise<Outcome | null> {
    const { ask, show, production, context } = this.#door;
    const plan = this.#plan;
    if (ask === null || plan === null) return this.refuse([NOBODY]);
    show({ ...plan, warnings: [...this.#warnings] });
    const words = [
      plan.typed,
      production && context !== null ? { what: 'the context', word: context } : null,
    ];
    const typed = words.filter((word) => word !== null);
    for (const { what, word } of typed) {
      if (!(await ask.typed(what, word))) return this.refuse([declined(`${what} was not typed`)]);
    }
    if (typed.length === 0 && !(await ask.confirm(`${this.#remedy.name} ${plan.subject}?`))) {
      return this.refuse([declined('not confirmed')]);
    }
    return null;
  }

  /** From the intent on nothing is left without its outcome: the operator's Ctrl-C has to wait. */
  async #write(): Promise<Outcome> {
    const { interrupt, clock, systems, context, runbook } = this.#door;
    const { operator, dryRun, verifySeconds } = this.#order;
    const plan = this.#plan;
    if (plan === null) throw new Error('there is no plan');
    const watch = dryRun || verifySeconds === 0 ? null : plan.watch;
    await watch?.before(verifySeconds);
    interrupt.throwIfAborted();
    if (!dryRun) {
      const id = this.#door.newId();
      const { name, undoes } = this.#remedy;
      const intent: NewEvent = {
        ...{ event: 'intent', id, remedy: name, operator, reason: this.#reason ?? '', context, runbook },
        ...{ systems, systemAt: plan.systemMs === null ? null : clock.iso(plan.systemMs), undoes },
        changes: plan.planned.map(({ change }) => change),
      };
      await this.#record(intent);
      this.#id = id;
    }
    const { changes, refusedBySystem } = await settle(plan, this.#door);
    const status = dryRun ? 'dry-run' : statusOf(changes);
    if (status === 'dry-run') return this.end(status, { changes });
    const kept = await this.#recordLate({ event: 'outcome', id: this.#id ?? '', status, changes });
    const because = !kept ? 'journal' : refusedBySystem && status === 'failed' ? 'auth' : null;
    const message = messageOf(status, changes);
    const done = changes.some((change) => change.status === 'applied');
    if (!done)
      return this.end(status, { changes, message, because: interrupt.aborted ? 'interrupted' : because });
    if (this.#remedy.undoes !== null && status === 'applied') {
      await this.#recordLate({ event: 'undone', id: this.#remedy.undoes, by: this.#id ?? '' });
    }
    const seen = watch === null ? null : await this.#verify(watch, verifySeconds);
    return this.end(status, {
      changes: seen === null ? changes : changes.map((change) => withVerified(change, seen)),
      message,
      because: interrupt.aborted ? 'interrupted' : because,
      verified: seen?.verified ?? (changes.some(({ verified }) => verified !== null) ? 'stored' : 'unknown'),
      verification: seen?.text ?? null,
    });
  }

  async #verify(watch: NonNullable<Plan['watch']>, seconds: number): Promise<Verification> {
    const { progress, interrupt } = this.#door;
    let seen: Verification;
    try {
      seen = await watch.after(seconds, progress, interrupt);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      seen = { verified: 'unknown', text: `the effect could not be watched: ${error.message}` };
    }
    await this.#recordLate({
      ...{ event: 'verified', id: this.#id ?? '' },
      ...{ verified: seen.verified, text: seen.text },
    });
    return seen;
  }

  /** @throws JournalError: what cannot be recorded is not done */
  async #record(event: NewEvent): Promise<void> {
    const { warning } = await record(event, this.#door);
    if (warning !== null && !this.#warnings.includes(warning)) this.#warnings.push(warning);
  }

  /** After the write there is no way back: what cannot be recorded any more is said instead. */
  async #recordLate(event: NewEvent): Promise<boolean> {
    try {
      await this.#record(event);
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#warnings.push(`what is said here (${event.event}) could not be recorded in the journal: ${why}`);
      return false;
    }
  }

  refuse(refusals: readonly Refusal[], advice: readonly string[] | null = null): Outcome {
    const message = refusals.map((refusal) => refusal.message).join('\n');
    return this.end('refused', { message, refusals, advice });
  }

  end(status: Status, rest: Partial<Outcome>): Outcome {
    const plan = this.#plan;
    const isAsFound = status === 'unchanged' || status === 'conflict';
    const changes = rest.changes ?? (isAsFound ? (plan?.planned.map(({ change }) => change) ?? []) : []);
    const applied = changes.some((change) => change.status === 'applied' && change.system === 'redis');
    const ends = changes
      .filter((change) => change.status !== 'conflict' && change.status !== 'failed')
      .flatMap((change) => change.after?.expiresAt ?? []);
    return {
      ...{ id: this.#id, remedy: this.#remedy.name, subject: plan?.subject ?? null, status },
      ...{
        reason: this.#reason,
        operator: this.#order.operator,
        at: this.#door.clock.iso(this.#door.clock.now()),
      },
      expiresAt: status === 'refused' || status === 'failed' ? null : (ends.sort().at(-1) ?? null),
      ...{ verified: null, verification: null, message: null, refusals: [], advice: null, because: null },
      undo:
        this.#id !== null && (applied || status === 'unknown' || status === 'partial' || status === 'applied')
          ? ['ratelimit', 'undo', this.#id, ...this.#door.reach]
          : null,
      facts: plan?.facts ?? [],
      warnings: [...this.#warnings],
      ...rest,
      changes,
    };
  }
}

/** Clocks that agree this well need no word. */
const MAX_SKEW_SECONDS = 5;
