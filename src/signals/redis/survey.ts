import type { Redis } from 'ioredis';
import type { Survey, Told } from '../../doctor/facts.ts';
import type { Clock } from '../asked.ts';
import { told } from '../told.ts';
import { globFor, toId } from './keys.ts';
import type { Keyspace } from './keyspace.ts';
import { Tally } from './tally.ts';

/** Keys that Redis visits per SCAN call: a few hundred microseconds of its time. */
const COUNT = 1_000;
/** Calls at the most: a million keys visited. */
const MOST_CALLS = 1_000;
/** Starts of names that are shown where the namespace is empty. */
const MOST_STARTS = 5;

interface Look {
  readonly namespace: string;
  /** Every key template that the runbook knows. */
  readonly templates: readonly string[];
  /** How long the look may take. */
  readonly budgetMs: number;
  readonly clock: Clock;
}

/**
 * One bounded look at the keys under the namespace: how many there are of each family that the runbook knows, and which
 * families it does not know. Only names are read. Never KEYS.
 */
export const surveyKeys = (keyspace: Keyspace, look: Look): Promise<Told<Survey>> =>
  told(async () => {
    const { answers, lost } = await keyspace.onEach(({ redis }) => survey(redis, look));
    const surveys = answers.map(({ value }) => value);
    return lost.length === 0 && surveys.length === 1 && surveys[0]
      ? surveys[0]
      : joined(surveys, lost.length > 0);
  });

/** What was seen on several servers, as one. */
function joined(all: readonly Survey[], isLacking: boolean): Survey {
  const known = new Map<string, number>();
  const unread = new Map<string, Survey['unread'][number]>();
  for (const one of all) {
    for (const [template, keys] of Object.entries(one.known))
      known.set(template, (known.get(template) ?? 0) + keys);
    for (const family of one.unread) {
      const keys = family.keys + (unread.get(family.pattern)?.keys ?? 0);
      unread.set(family.pattern, { ...family, keys });
    }
  }
  return {
    keys: all.reduce((sum, { keys }) => sum + keys, 0),
    known: Object.fromEntries(known),
    unread: [...unread.values()].sort((a, b) => b.keys - a.keys),
    isComplete: !isLacking && all.every(({ isComplete }) => isComplete),
    // Where one of them has keys of the namespace, how those of another begin says nothing.
    elsewhere: all.some(({ keys }) => keys > 0)
      ? []
      : all.flatMap(({ elsewhere }) => elsewhere).slice(0, MOST_STARTS),
    tookMs: Math.max(...all.map(({ tookMs }) => tookMs)),
  };
}

async function survey(redis: Redis, { namespace, templates, budgetMs, clock }: Look): Promise<Survey> {
  const startedAt = clock.now();
  const prefix = Buffer.from(namespace, 'utf8').toString('latin1');
  const tally = new Tally(prefix);
  const known = new Map(templates.map((template) => [template, 0]));
  const matchers = templates.map((template) => [template, patternFor(template)] as const);
  const glob = globFor([prefix]);
  let [keys, calls, cursor] = [0, 0, '0'];
  do {
    const [next, names] = await scan(redis, cursor, 'MATCH', glob);
    cursor = next;
    calls += 1;
    for (const name of names) {
      keys += 1;
      const own = matchers.find(([, pattern]) => pattern.test(name));
      if (own === undefined) tally.add(name);
      else known.set(own[0], (known.get(own[0]) ?? 0) + 1);
    }
  } while (cursor !== '0' && calls < MOST_CALLS && clock.now() - startedAt < budgetMs);
  return {
    keys,
    known: Object.fromEntries(known),
    unread: tally.families(),
    isComplete: cursor === '0' && tally.isComplete,
    elsewhere: keys === 0 && cursor === '0' ? await startsOf(redis) : [],
    tookMs: clock.now() - startedAt,
  };
}

/** How some of the keys begin that there are, whatever their namespace. */
async function startsOf(redis: Redis): Promise<Survey['elsewhere']> {
  const [, names] = await scan(redis, '0');
  const starts = names.map((name) => /^[^:]{1,40}:?/.exec(name)?.[0] ?? '');
  return [...new Set(starts)].slice(0, MOST_STARTS).map(toId);
}

async function scan(
  redis: Redis,
  cursor: string,
  ...match: (string | Buffer)[]
): Promise<[string, string[]]> {
  const reply = await redis.callBuffer('SCAN', cursor, ...match, 'COUNT', COUNT);
  const [next, keys] = reply as [Buffer, Buffer[]];
  return [next.toString(), keys.map((key) => key.toString('latin1'))];
}

const DATES: Readonly<Record<string, string>> = {
  '{yyyymmdd}': '\\d{8}',
  '{yyyy-mm-dd}': '\\d{4}-\\d\\d-\\d\\d',
  '{yyyy-mm}': '\\d{4}-\\d\\d',
};

/** Keys of a template, of whatever date; latin1. */
function patternFor(template: string): RegExp {
  const literal = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const source = template
    .split(/(\{[^}]*\})/)
    .map((part) =>
      part.startsWith('{') ? (DATES[part] ?? '[^]*') : literal(Buffer.from(part, 'utf8').toString('latin1')),
    )
    .join('');
  return new RegExp(`^${source}$`);
}
