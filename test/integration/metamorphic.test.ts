import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { redact } from '../../src/evidence/redact.ts';
import { type Signal, unknown } from '../../src/evidence/types.ts';
import type { Incident } from '../../src/incidents/schema.ts';
import type { Verdict } from '../../src/verdict/types.ts';
import { aegis } from '../support/evidence.ts';
import { labelled } from '../support/labelled.ts';
import { judged, type Played, play, tried } from '../support/played.ts';
import { familiesOf, inOrderOf, renamed, unread } from '../support/variants.ts';

// What must follow from every labelled incident, whatever its truth is. Played on a drill's embedded systems; that real
// servers give the same readings is tested elsewhere.

const LEVELS = ['low', 'medium', 'high'];
const level = (confidence: string): number => LEVELS.indexOf(confidence);

/** Ten thousand names tell no more here than a few. */
const all = [...labelled].filter(([name]) => name !== 'hard/hostile-names');
const plain = new Map<string, Played>();
const playedOf = (name: string): Played => {
  const found = plain.get(name);
  if (found === undefined) throw new Error(`${name} was not played`);
  return found;
};

beforeAll(async () => {
  for (const [name, incident] of labelled) plain.set(name, await play(incident));
});

test('every labelled incident is judged as it is labelled', () => {
  const trials = [...labelled].map(([name, incident]) => tried(name, incident, playedOf(name)));
  expect(trials.flatMap(({ name, mismatches }) => mismatches.map((one) => [name, one]))).toEqual([]);
  expect(trials.filter(({ wrongAtHighConfidence }) => wrongAtHighConfidence)).toEqual([]);
});

const brief = ({ category, confidence, findings }: Verdict) => ({
  ...{ category, confidence },
  findings: findings.map((one) => [one.category, one.confidence, one.subjects.length]),
});

describe('what must not matter', () => {
  test('how tenants, agents and addresses are called', async () => {
    const wrong: unknown[] = [];
    for (const [name, incident] of all.filter(([name]) => name !== 'hard/one-address-many-spellings')) {
      const other = renamed(incident);
      const played = await play(other);
      wrong.push(...tried(name, other, played).mismatches.map((one) => [name, one]));
      expect([name, brief(played.verdict)]).toEqual([name, brief(playedOf(name).verdict)]);
    }
    expect(wrong).toEqual([]);
  });

  test('whether a capture was redacted', () => {
    for (const [name] of all) {
      const { evidence, runbook, verdict } = playedOf(name);
      const caveats = ({ findings }: Verdict) => findings.map((one) => one.caveats.map(({ code }) => code));
      const hidden = judged(redact(evidence, runbook, []), runbook).verdict;
      expect([name, brief(hidden), caveats(hidden)]).toEqual([name, brief(verdict), caveats(verdict)]);
    }
  });

  const some = fc.constantFrom(...all);
  const order = fc.array(fc.nat(), { minLength: 5, maxLength: 40 });

  test('the order of keys and series', async () => {
    await fc.assert(
      fc.asyncProperty(some, order, async ([name, incident], keys) => {
        const sort = inOrderOf(keys);
        const other = { ...incident, keys: sort(incident.keys), series: sort(incident.series) };
        expect(brief((await play(other)).verdict)).toEqual(brief(playedOf(name).verdict));
      }),
      { numRuns: 75 },
    );
  });

  const noise = fc.record({
    failures: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 8 }),
    perSecond: fc.integer({ min: 0, max: 20 }).map((n) => n / 1_000),
    spent: fc.integer({ min: 0, max: 7_000 }),
  });

  test('noise below the floor, in whatever the system writes', async () => {
    await fc.assert(
      fc.asyncProperty(some, noise, async ([name, incident], more) => {
        expect((await play(noisy(incident, more))).verdict.category).toBe(playedOf(name).verdict.category);
      }),
      { numRuns: 75 },
    );
  });
});

interface Noise {
  readonly failures: readonly number[];
  readonly perSecond: number;
  /** Cents, of a cap of a hundred dollars. */
  readonly spent: number;
}

/** A few forgetful people, a tenant that brushes against its limit, an agent below its cap. */
function noisy(incident: Incident, { failures, perSecond, spent }: Noise): Incident {
  const families = ['acp:auth_fail:', 'acp:ratelimit:auth_fail:'];
  const written = families.filter((family) => incident.keys.some(({ key }) => key?.startsWith(family)));
  const key = (name: string, value: string | number) => ({ key: name, value, ttl: '50s', renewed: false });
  const people = written.flatMap((family) =>
    failures.map((count, index) => key(`${family}2001:db8:ffff:${index}::1`, count)),
  );
  const money = incident.keys.some(({ key: name }) => name?.startsWith('acp:'))
    ? [
        key('acp:agent_cost_cap:somebody', '100.00'),
        key('acp:agent_cost_today:somebody:{yyyymmdd}', (spent / 100).toFixed(2)),
        key('acp:inference_cost:agent:somebody:{yyyy-mm}', spent),
      ]
    : [];
  const rejects = incident.series
    .filter(({ metric, labels }) => metric === 'acp_tenant_rate_limited_total' || labels.status === '429')
    .slice(0, 1)
    .map(({ metric, labels }) => {
      const named = {
        ...labels,
        ...('tenant' in labels ? { tenant: 'somebody' } : { tenant_id: 'somebody' }),
      };
      return { metric, labels: named, 'per-second': perSecond };
    });
  return {
    ...incident,
    keys: [...incident.keys, ...people, ...money],
    series: [...incident.series, ...rejects],
  };
}

describe('a key family or a metric that is not there', () => {
  /** Signals that the verdict looked at, for or against it: those that may change it. */
  function looksAt({ findings, ruledOut, unexplained }: Verdict): Set<string> {
    const [first] = findings;
    // What would have come first was ruled out by something, too.
    const rank = aegis.categories.find(({ id }) => id === first?.category)?.rank ?? Number.POSITIVE_INFINITY;
    const worse = aegis.categories.filter((one) => one.rank < rank).map(({ id }) => id);
    const out = ruledOut.filter(({ category }) => worse.includes(category)).flatMap((one) => one.because);
    const because = [...out, ...(first === undefined ? unexplained : first.because)];
    const own = because.flatMap(({ signal }) => signal ?? []);
    // What another category was ruled out by is looked at, too.
    const named = new Set(
      because.flatMap(({ args }) => (typeof args.category === 'string' ? args.category : [])),
    );
    const others = aegis.categories.filter(({ id }) => named.has(id)).map(({ when }) => JSON.stringify(when));
    const theirs = Object.keys(aegis.signals).filter((id) => others.some((when) => when.includes(`"${id}"`)));
    const needed = first === undefined ? aegis['quiet-needs'].flat() : [];
    return new Set([...own, ...theirs, ...needed]);
  }

  /** What holds, by what it rests on. */
  const held = ({ findings }: Verdict): Map<string, string> =>
    new Map(
      (findings[0]?.because ?? []).flatMap(({ met, code, signal }) =>
        met === true && code !== 'unless' && signal !== null ? [[`${code} ${signal}`, signal]] : [],
      ),
    );

  const variants = all.flatMap(([name, incident]) =>
    familiesOf(aegis).flatMap((family) => {
      const less = family.without(incident);
      return less === null ? [] : [{ name, family, less }];
    }),
  );

  test('changes no category that did not look at it; one that rests on it is never as sure as before', async () => {
    const wrong: unknown[] = [];
    let [unrelated, resting] = [0, 0];
    for (const [index, { name, family, less }] of variants.entries()) {
      const before = playedOf(name).verdict;
      const looked = looksAt(before);
      const rests = held(before);
      const lost = [...new Set(rests.values())].filter((id) => family.signals.has(id));
      const isUnrelated = ![...family.signals].some((id) => looked.has(id));
      // Most are unrelated: half of them are enough.
      if (isUnrelated ? index % 2 === 0 : lost.length === 0) continue;
      const { verdict: after, evidence } = await play(less);
      const said = [name, `without ${family.name}`, brief(before), brief(after)];
      if (isUnrelated) {
        unrelated += 1;
        if (after.category !== before.category) wrong.push(said);
      }
      if (lost.length === 0 || after.category !== before.category) continue;
      resting += 1;
      const rose = level(after.confidence) - level(before.confidence);
      // Another source of the signal tells it still, or what is left would have been enough alone, and is nothing new.
      const isCarried = lost.every((id) => evidence.signals[id]?.status === 'measured');
      const left = held(after);
      const isEnough = left.size < rests.size && [...left.keys()].every((one) => rests.has(one));
      if (rose > 0 || (rose === 0 && !isCarried && !isEnough)) wrong.push(said);
    }
    expect(wrong).toEqual([]);
    expect(Math.min(unrelated, resting)).toBeGreaterThan(20);
  });
});

describe('what could not be read', () => {
  /** No finding is surer than it was, a new one is not surer than the verdict was, and nothing becomes quiet. */
  function riseIn(before: Verdict, after: Verdict): string[] {
    const surer = after.findings.filter(({ category, confidence }) => {
      const was = before.findings.find((one) => one.category === category)?.confidence ?? before.confidence;
      // Quiet is a verdict on everything, and no measure of one thing.
      return level(confidence) > level(before.category === 'quiet' ? 'low' : was);
    });
    return [
      ...surer.map(({ category, confidence }) => `${category} is ${confidence}`),
      ...(after.category === 'quiet' ? ['quiet'] : []),
    ];
  }

  test('makes nothing surer and nothing quiet: a whole signal', () => {
    const signals = Object.entries(aegis.signals);
    const wrong = all.flatMap(([name]) => {
      const { verdict, evidence, runbook } = playedOf(name);
      return signals.flatMap(([id, { unit }]) => {
        const lost: Signal = { ...unknown('timeout', 'late'), unit, windowSeconds: null, sources: [] };
        const after = judged({ ...evidence, signals: { ...evidence.signals, [id]: lost } }, runbook).verdict;
        return riseIn(verdict, after).map((rise) => [name, id, brief(verdict), rise]);
      });
    });
    expect(wrong).toEqual([]);
  });

  test('makes nothing surer and nothing quiet: one source of several', async () => {
    const variants = all.flatMap(([name, incident]) =>
      Object.entries(aegis.signals).flatMap(([id, { sources }]) =>
        sources.flatMap((source, index) => {
          const report = playedOf(name).evidence.signals[id]?.sources[index];
          return sources.length > 1 && report?.status === 'measured' ? [{ name, incident, id, source }] : [];
        }),
      ),
    );
    const wrong: unknown[] = [];
    for (const { name, incident, id, source } of variants) {
      // A runbook with the incident's thresholds holds the same sources.
      const through = unread((one) => one.signal === id && one.source === source);
      const after = (await play(incident, { through })).verdict;
      const before = playedOf(name).verdict;
      wrong.push(...riseIn(before, after).map((rise) => [name, id, brief(before), rise]));
    }
    expect(wrong).toEqual([]);
    expect(variants.length).toBeGreaterThan(100);
  });

  test.each(['redis', 'prometheus'])('makes nothing surer and nothing quiet: all of %s', async (system) => {
    const wrong: unknown[] = [];
    for (const [name, incident] of all) {
      const through = unread(({ source }) => source.kind.startsWith(`${system}-`));
      const after = (await play(incident, { through })).verdict;
      const before = playedOf(name).verdict;
      const rises = riseIn(before, after);
      const isHigh = after.findings.some(({ confidence }) => confidence === 'high');
      wrong.push(
        ...[...rises, ...(isHigh ? ['high with half unseen'] : [])].map((rise) => [
          name,
          brief(before),
          rise,
        ]),
      );
    }
    expect(wrong).toEqual([]);
  });
});
