import { expect, test } from 'vitest';
import { labelledOf } from '../support/labelled.ts';
import { play, tried } from '../support/played.ts';

// The labelled incidents on the drill's embedded systems; e2e plays them into real servers.

test.each([...labelledOf('api-gateway')])('%s', async (name, incident) => {
  const { mismatches } = tried(name, incident, await play(incident));
  expect(mismatches).toEqual([]);
});
