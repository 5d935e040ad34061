import { expect, test } from 'vitest';
import { labelledOf } from '../support/labelled.ts';
import { play, tried } from '../support/played.ts';

// The labelled incidents of the other runbooks on the drill's embedded systems; e2e plays them into real servers.

const all = ['tps-limits', 'get-into-teaching'].flatMap((runbook) => [...labelledOf(runbook)]);

test.each(all)('%s', async (name, incident) => {
  const { mismatches } = tried(name, incident, await play(incident));
  expect(mismatches).toEqual([]);
});

test('limits of the context decide: by those of the runbook alone it would be another verdict', async () => {
  const own = [...labelledOf('tps-limits'), ...labelledOf('api-gateway')].filter(
    ([, { limits }]) => Object.keys(limits).length > 0,
  );
  const other: string[] = [];
  for (const [name, incident] of own) {
    const without = { ...incident, limits: {} };
    if (tried(name, without, await play(without)).mismatches.length > 0) other.push(name);
  }
  expect(other).toEqual([
    'tps-limits/over-as-the-context-has-it',
    'api-gateway/over-burst-of-a-larger-plan',
    'api-gateway/over-burst-untold',
    'api-gateway/over-rate-untold',
  ]);
});
