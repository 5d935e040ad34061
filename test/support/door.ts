import { join } from 'node:path';
import { Big } from 'big.js';
import { type Journal, openJournal } from '../../src/journal/log.ts';
import type { Entry } from '../../src/journal/types.ts';
import { apply } from '../../src/remedies/apply.ts';
import { blockIp } from '../../src/remedies/block-ip.ts';
import type { Ask, Door, Order } from '../../src/remedies/door.ts';
import type { BlockGuard } from '../../src/remedies/guards.ts';
import { raiseCap } from '../../src/remedies/raise-cap.ts';
import type { Outcome, Plan, Remedy } from '../../src/remedies/types.ts';
import { unblockIp } from '../../src/remedies/unblock-ip.ts';
import { undo } from '../../src/remedies/undo.ts';
import { Writer } from '../../src/remedies/writer.ts';
import type { Clock } from '../../src/signals/asked.ts';
import { Keyspace } from '../../src/signals/redis/keyspace.ts';
import { parseTarget } from '../../src/values/targets.ts';
import { aegis, redisTarget } from './collecting.ts';
import { temporaryFolder } from './processes.ts';
import type { TestRedis } from './redis.ts';

/** Answers of the operator; a question without one is an error, and so fails the test. */
type Answers = Partial<Ask>;

interface Given extends Partial<Order>, Partial<Pick<Door, 'production' | 'context'>> {
  /** null: nobody can be asked. */
  readonly answers?: Answers | null;
  /** By how much this machine's clock is ahead of Redis's. */
  readonly aheadMs?: number;
}

/** What a remedy is made of, beside what is ordered. */
export interface World {
  readonly keyspace: Keyspace;
  readonly clock: Clock;
  readonly systems: Door['systems'];
}

interface Passage {
  readonly outcome: Outcome;
  /** What was asked, in order. */
  readonly questions: readonly string[];
  /** The previews. */
  readonly shown: readonly Plan[];
}

/** The one door in this process, to a real Redis and a real journal. */
export interface TestDoor {
  readonly journal: Journal;
  /** The folder of the journal, not yet made. */
  readonly folder: string;
  /** Takes a remedy through the door: with `--yes` where nobody can be asked, `--verify 0` and a reason. */
  through(remedyFor: (world: World) => Remedy, given?: Given): Promise<Passage>;
}

const noApi = async () => {
  throw new Error('nothing here may call the API');
};
const iso = (ms: number) => new Date(ms).toISOString();

export async function makeDoor(redis: TestRedis): Promise<TestDoor> {
  const folder = join(await temporaryFolder('door'), 'state');
  const probe = (pid: number) => process.kill(pid, 0);
  const journal = openJournal({ folder, clock: { now: () => Date.now(), iso }, pid: process.pid, probe });
  let newest = 0;
  return {
    ...{ journal, folder },
    async through(remedyFor, given = {}) {
      const { answers = null, aheadMs = 0, production = false, context = null, ...order } = given;
      const steady = () => performance.now();
      const clock: Clock = { now: () => Date.now() + aheadMs, iso, ms: (text) => Date.parse(text), steady };
      const interrupt = new AbortController().signal;
      const keyspace = new Keyspace(redisTarget(redis.port), 20_000, interrupt);
      const systems = { redis: redis.url, api: null };
      const questions: string[] = [];
      const shown: Plan[] = [];
      try {
        const outcome = await apply(
          remedyFor({ keyspace, clock, systems }),
          {
            ...{ reason: 'testing', operator: 'ada', yes: answers === null, dryRun: false, verifySeconds: 0 },
            ...{ command: ['ratelimit', 'block-ip'], contextNamed: false, ...order },
          },
          {
            ...{ keyspace, journal, clock, interrupt, production, context, runbook: 'aegis', stream: null },
            ...{ systems, reach: [], progress: () => {} },
            ask: answers === null ? null : asking(answers, questions),
            show: (plan) => void shown.push(plan),
            newId: () => {
              newest += 1;
              return `ID-${newest}`;
            },
            writer: new Writer(keyspace, noApi, order.dryRun ?? false),
          },
        );
        return { outcome, questions, shown };
      } finally {
        keyspace.close();
      }
    },
  };
}

function asking(answers: Answers, questions: string[]): Ask {
  const asked = (question: string) => {
    questions.push(question);
    return (): never => {
      throw new Error(`unexpected question: ${question}`);
    };
  };
  return {
    reason: () => {
      const unexpected = asked('reason');
      return answers.reason?.() ?? unexpected();
    },
    confirm: (question) => {
      const unexpected = asked(question);
      return answers.confirm?.(question) ?? unexpected();
    },
    typed: (what, word) => {
      const unexpected = asked(`type ${word} (${what})`);
      return answers.typed?.(what, word) ?? unexpected();
    },
  };
}

const { remedies } = await aegis();
const { 'block-ip': blockSpec, 'raise-cap': raiseSpec } = remedies;
if (blockSpec === null || raiseSpec === null) throw new Error('the runbook lacks a remedy');

const targetsOf = (texts: readonly string[]) =>
  texts.map((text) => {
    const parsed = parseTarget(text);
    if (typeof parsed === 'string') throw new Error(parsed);
    return parsed;
  });

/** Blocks an address for an hour. */
export const blocking =
  (ip: string, forced: readonly BlockGuard[] = []) =>
  (world: World): Remedy => {
    const around = async () => ({ neverBlock: [], hosts: [], own: null, behind: null });
    const order = { targets: targetsOf([ip]), ttlSeconds: 3_600, maxTtlSeconds: 86_400, max: 9 };
    return blockIp(blockSpec, { ...order, forced: new Set(forced) }, { ...world, around });
  };

/** Unblocks addresses and deletes their counters. */
export const unblocking =
  (...ips: readonly string[]) =>
  (world: World): Remedy =>
    unblockIp(blockSpec, { targets: targetsOf(ips), typed: [], clearCounter: true, max: 9 }, world);

export const raising =
  (agent: string, usd: string) =>
  (world: World): Remedy => {
    const keys = {
      cap: 'acp:agent_cost_cap:{agent}',
      spends: [{ template: 'acp:agent_cost_today:{agent}:{yyyymmdd}', unit: 'USD' as const }],
    };
    const order = {
      agent,
      raise: { to: new Big(usd) },
      permanent: null,
      ceiling: null,
      forced: new Set<never>(),
    };
    return raiseCap(raiseSpec, keys, order, world);
  };

export const undoing =
  (entry: Entry) =>
  (world: World): Remedy =>
    undo(entry, { ...world, api: noApi, killSwitch: null, target: null, capPrefix: 'acp:agent_cost_cap:' });
