import type { Evidence, Id } from '../evidence/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { labelOf, namesOf } from '../runbooks/sources.ts';
import { type Likeness, lettersApart, likeness } from '../values/similar.ts';
import { keyPattern } from '../values/template.ts';
import type { NamedFacts, RedisFacts, Survey } from './facts.ts';
import type { Source } from './reach.ts';
import { type Args, type Check, checkOf, unknownCheck } from './types.ts';

/** A name that the runbook does not know. */
interface Stranger {
  /** As it is shown. */
  readonly name: string;
  /** What it is compared by. */
  readonly stem: string;
  readonly entities: number | null;
  readonly sample: Id | null;
}

/** What is said at the most. */
const MOST = 10;

/**
 * Looks for names that the system uses and the runbook does not know, where a name that the runbook knows holds nothing:
 * then triage looks in the wrong place.
 */
export function driftChecks(
  runbook: Runbook,
  evidence: Evidence,
  sources: readonly Source[],
  facts: { readonly redis: RedisFacts | null; readonly prometheus: readonly NamedFacts[] },
): Check[] {
  const world = { runbook, evidence, sources };
  const checks = [...inRedis(facts.redis, world), ...inPrometheus(facts.prometheus, world)];
  return checks.length > 0 ? checks : [checkOf({ check: 'drift', code: 'no-drift', level: 'fine' })];
}

/** Signals that such a check casts doubt on, each with the name that it may be kept under. */
export const driftedSignals = (checks: readonly Check[], evidence: Evidence): Map<string, string> =>
  new Map(
    checks.flatMap(({ code, level, source, args }) =>
      level === 'problem' &&
      (code === 'family-drifted' || code === 'metric-drifted') &&
      Array.isArray(args.signals)
        ? args.signals
            .filter((id) => evidence.signals[id]?.status !== 'measured')
            .map((id): [string, string] => [id, source ?? ''])
        : [],
    ),
  );

interface World {
  readonly runbook: Runbook;
  readonly evidence: Evidence;
  readonly sources: readonly Source[];
}

function inRedis(facts: RedisFacts | null, world: World): Check[] {
  if (facts === null) return [];
  const namespace = world.runbook.namespace ?? '';
  const source = `${namespace}*`;
  if (!facts.survey.known) return [unknownCheck('drift', 'drift-unknown', facts.survey, { source })];
  const survey = facts.survey.value;
  const found = drifts('family-drifted', strangersIn(survey, namespace), emptyFamilies(world, survey), world);
  if (survey.isComplete) return found;
  const args = { keys: survey.keys };
  return [...found, checkOf({ check: 'drift', code: 'drift-incomplete', level: 'note', source, args })];
}

function inPrometheus(facts: readonly NamedFacts[], world: World): Check[] {
  const unread = facts.flatMap(({ names }) =>
    names.known ? [] : [unknownCheck('drift', 'drift-unknown', names, { source: 'metric names' })],
  );
  const told = facts.flatMap(({ names }) => (names.known ? [names.value] : []));
  if (told.length === 0) return unread;
  const all = [...new Set(told.flatMap(({ names }) => names))];
  const own = new Set(world.sources.flatMap(({ spec }) => namesOf(spec)));
  const strangers = all
    .filter((name) => !own.has(name))
    .map((name): Stranger => ({ name, stem: withoutFirst(name), entities: null, sample: null }));
  const missing = world.sources
    .filter(({ spec, report }) => spec.kind.startsWith('prometheus-') && report.status === 'absent')
    .flatMap(({ spec, signal }) =>
      namesOf(spec).map(
        (name): Missing => ({ name, stem: withoutFirst(name), label: name, signals: [signal] }),
      ),
    );
  const found = [...unread, ...drifts('metric-drifted', strangers, joined(missing), world)];
  if (told.every(({ isComplete }) => isComplete)) return found;
  const args = { keys: all.length };
  const check = checkOf({
    check: 'drift',
    code: 'drift-incomplete',
    level: 'note',
    source: 'metric names',
    args,
  });
  return [...found, check];
}

/** A name of the runbook under which nothing is to be found. */
interface Missing {
  readonly name: string;
  readonly stem: string;
  readonly label: string;
  readonly signals: readonly string[];
}

/** Key families of sources and remedies of which there is not one key. */
function emptyFamilies({ sources, runbook }: World, survey: Survey): Missing[] {
  const namespace = runbook.namespace ?? '';
  const ofSources = sources
    .filter(({ spec, report }) => spec.kind.startsWith('redis-') && report.status !== 'unknown')
    // What was not seen in half a look may have been seen by triage's own pass.
    .filter(({ report }) => survey.isComplete || report.status !== 'measured')
    .flatMap(({ spec, signal }) => namesOf(spec).map((name) => ({ name, signal })));
  const missing = ofSources
    .filter(({ name }) => (survey.known[name] ?? 0) === 0)
    .map(({ name, signal }) => ({
      ...{ name, stem: stemOf(keyPattern(name), namespace), label: keyPattern(name) },
      signals: [signal],
    }));
  return joined(missing).filter(({ stem }) => stem !== '');
}

/** The same name of several signals, once. */
function joined(missing: readonly Missing[]): Missing[] {
  const by = new Map<string, Missing>();
  for (const one of missing) {
    const known = by.get(one.name);
    by.set(one.name, { ...one, signals: [...new Set([...(known?.signals ?? []), ...one.signals])] });
  }
  return [...by.values()];
}

const strangersIn = ({ unread }: Survey, namespace: string): Stranger[] =>
  unread
    .map(({ pattern, keys, sample }) => {
      return { name: pattern, stem: stemOf(pattern, namespace), entities: keys, sample };
    })
    .filter(({ stem }) => stem !== '');

/** The words of a family without the namespace and without what varies: `ratelimit:auth_fail` of `acp:ratelimit:auth_fail:*`. */
function stemOf(pattern: string, namespace: string): string {
  const rest = pattern.startsWith(namespace) ? pattern.slice(namespace.length) : pattern;
  const parts = rest.split(':');
  const star = parts.indexOf('*');
  // Without anything that varies the last part is the id.
  return parts.slice(0, star < 0 ? -1 : star).join(':');
}

/** A metric without the word that all of them begin with. */
const withoutFirst = (name: string): string => name.replace(/^[^_:]*[_:]/, '');

/** Each stranger with the name that it is most like. */
function drifts(
  code: 'family-drifted' | 'metric-drifted',
  strangers: readonly Stranger[],
  missing: readonly Missing[],
  { evidence, sources, runbook }: World,
): Check[] {
  const needed = new Set(runbook['quiet-needs'].flat());
  const isSeen = (id: string) => evidence.signals[id]?.status === 'measured';
  const checks = strangers.flatMap((stranger): Check[] => {
    const near = nearestTo(stranger, missing, isSeen);
    if (near === null) return [];
    const { signals, name, label } = near.one;
    const own = signals.filter((id) => !isSeen(id));
    const [first = ''] = own.length > 0 ? own : signals;
    const args: Args = {
      ...{ found: stranger.name, configured: label, name, signals },
      suggested: suggestion(name, stranger.name),
      others: sources.flatMap((one) =>
        one.signal === first && one.report.status === 'measured' ? labelOf(one.spec) : [],
      ),
    };
    return [
      checkOf({
        ...{ check: 'drift', code, signal: first, source: stranger.name, args, entities: stranger.entities },
        level: own.some((id) => near.how === 'same' || needed.has(id)) ? 'problem' : 'warning',
        sample: stranger.sample === null ? null : { id: stranger.sample, value: null },
      }),
    ];
  });
  return checks.sort((a, b) => Number(b.level === 'problem') - Number(a.level === 'problem')).slice(0, MOST);
}

/** Where another source of the signal has numbers, only a name that is all but the same counts. */
function nearestTo(
  { stem }: Stranger,
  missing: readonly Missing[],
  isSeen: (signal: string) => boolean,
): { readonly one: Missing; readonly how: Likeness } | null {
  const near = missing.flatMap((one) => {
    const how = likeness(one.stem, stem);
    return how === null || (how === 'like' && one.signals.every(isSeen)) ? [] : [{ one, how }];
  });
  const rank = ({ how }: { how: Likeness }) => (how === 'same' ? 1 : 0);
  near.sort((a, b) => rank(b) - rank(a) || lettersApart(a.one.stem, stem) - lettersApart(b.one.stem, stem));
  return near[0] ?? null;
}

/** What would stand in the runbook: the found family with the places of the configured one; a metric as it is. */
function suggestion(configured: string, found: string): string | null {
  if (!configured.includes('{')) return found;
  const places = configured.match(/\{[^}]*\}/g) ?? [];
  // Only a plain name may be put into a file by whoever reads this.
  if (!/^[\w.:*-]{1,120}$/.test(found)) return null;
  const stem = found.includes('*') ? found.slice(0, found.indexOf('*')) : found.replace(/[^:]*$/, '');
  return stem + places.join(':');
}
