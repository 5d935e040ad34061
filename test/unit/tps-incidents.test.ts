import { expect, test } from 'vitest';
import { labelledOf } from '../support/labelled.ts';
import { play, tried } from '../support/played.ts';

// The labelled incidents of the other runbooks on the drill's embedded systems; e2e plays them into real servers.

test.each([...labelledOf('tps-limits')])('%s', async (name, incident) => {
  const { mismatches } = tried(name, incident, await play(incident));
  expect(mismatches).toEqual([]);
});
