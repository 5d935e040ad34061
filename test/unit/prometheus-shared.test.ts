import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import type { SourceSpec } from '../../src/runbooks/schema.ts';
import { inQueries } from '../../src/signals/prometheus/names.ts';
import { sharedBy } from '../../src/signals/prometheus/shared.ts';

type Rate = Extract<SourceSpec, { kind: 'prometheus-rate' }>;

const rate = (match: Rate['match'], more: Partial<Rate> = {}): Rate => ({
  ...{ kind: 'prometheus-rate', metric: 'requests_total', match, by: 'caller', mix: null, entity: null },
  ...{ usual: false, ago: null, 'seen-within': null },
  ...more,
});

describe('which sources share their rates', () => {
  const [all, accepted, rejected] = [rate({}), rate({ outcome: 'accepted' }), rate({ outcome: 'rejected' })];

  it('those of one counter whose widest counts all of them, told apart by what the others match', () => {
    const sources = [rejected, all, accepted];
    const question = { match: {}, labels: ['caller', 'outcome'] };
    expect(sharedBy(all, sources)).toEqual({ ...question, own: {} });
    expect(sharedBy(accepted, sources)).toEqual({ ...question, own: { outcome: 'accepted' } });
    expect(sharedBy(rejected, sources)).toEqual({ ...question, own: { outcome: 'rejected' } });
  });

  it('by all labels that any of them mixes, and without those that all of them match', () => {
    const wide = rate({ env: 'prod', outcome: ['rejected', 'dropped'] }, { mix: 'tier' });
    const narrow = rate({ env: 'prod', outcome: 'dropped', plan: '' }, { mix: 'limit' });
    const labels = ['caller', 'tier', 'limit', 'outcome', 'plan'];
    expect(sharedBy(wide, [wide, narrow])).toEqual({ match: wide.match, labels, own: {} });
    expect(sharedBy(narrow, [wide, narrow])?.own).toEqual({ outcome: 'dropped', plan: '' });
  });

  it('the same twice, too', () => {
    const [one, other] = [rate({ outcome: 'accepted' }, { mix: 'tier' }), rate({ outcome: 'accepted' })];
    expect(sharedBy(other, [one, other])).toEqual({ match: one.match, labels: ['caller', 'tier'], own: {} });
    expect(sharedBy(one, [one, other])).toEqual(sharedBy(other, [one, other]));
  });

  it.each<[string, SourceSpec[]]>([
    ['no other', [accepted]],
    ['none that counts both', [accepted, rejected]],
    ['another counter', [accepted, rate({}, { metric: 'others_total' })]],
    ['another time', [accepted, rate({}, { ago: '10m' })]],
    ['other entities', [accepted, rate({}, { by: 'path' })]],
    ['a label that the wider one must have', [accepted, rate({ region: 'eu' })]],
  ])('%s: nobody', (_, sources) => {
    expect(sharedBy(accepted, sources)).toBeNull();
  });

  it('mere totals do not', () => {
    const [total, part] = [rate({}, { by: null }), rate({ outcome: 'accepted' }, { by: null })];
    expect(sharedBy(total, [total, part])).toBeNull();
  });

  it('of the runbooks that come with the program: the present of limits by caller and by client', () => {
    const count = (name: string) => {
      const file = new URL(`../../src/runbooks/${name}.yaml`, import.meta.url);
      const { signals } = parseRunbook(readFileSync(file, 'utf8'), name);
      const sources = Object.values(signals).flatMap((signal) => signal.sources);
      const rates = sources.filter((source): source is Rate => source.kind === 'prometheus-rate');
      return rates.filter((source) => sharedBy(source, sources) !== null).length;
    };
    const names = ['aegis', 'api-gateway', 'get-into-teaching', 'tps-limits', 'verification-server'];
    expect(names.map((name) => [name, count(name)])).toEqual([
      ['aegis', 0],
      ['api-gateway', 6],
      ['get-into-teaching', 0],
      ['tps-limits', 3],
      ['verification-server', 0],
    ]);
  });
});

describe('names in queries', () => {
  const charactersOf = (names: readonly string[]) => names.reduce((sum, name) => sum + name.length, 0);

  it('come all of them, in their order, and no more at a time than a query holds', () => {
    const names = Array.from({ length: 400 }, (_, index) => `caller-${index}-${'.'.repeat(index % 40)}`);
    const queries = inQueries(names);
    expect(queries.flat()).toEqual(names);
    expect(queries.length).toBeGreaterThan(1);
    expect(Math.max(...queries.map(charactersOf))).toBeLessThan(3_000);
  });

  it('and no more than an answer holds of each', () => {
    const names = Array.from({ length: 450 }, (_, index) => index.toString(36));
    expect(inQueries(names).map(({ length }) => length)).toEqual([200, 200, 50]);
  });

  it('one that is too long for any stands alone', () => {
    const long = 'x'.repeat(5_000);
    expect(inQueries([long, 'a', 'b', long, 'c'])).toEqual([[long], ['a', 'b'], [long], ['c']]);
    expect(inQueries([])).toEqual([]);
  });
});
