import { expect, test } from 'vitest';
import { labelledOf } from '../support/labelled.ts';
import { play, tried } from '../support/played.ts';

// The labelled incidents of the other runbooks on the drill's embedded systems; e2e plays them into real servers.

const all = ['tps-limits', 'get-into-teaching'].flatMap((runbook) => [...labelledOf(runbook)]);

test.each(all)('%s', async (name, incident) => {
  const { mismatches } = tried(name, incident, await play(incident));
  expect(mismatches).toEqual([]);
});
