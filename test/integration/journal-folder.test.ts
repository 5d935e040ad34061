import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeFolder } from '../../src/journal/folder.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';

afterAll(stopEverything);
test('many that make the same folder at once all find it', async () => {
  for (let round = 0; round < 50; round += 1) {
    const folder = join(await temporaryFolder('folder'), 'a', 'b', 'c');
    const made = await Promise.allSettled(Array.from({ length: 10 }, () => makeFolder(folder)));
    expect(made.filter(({ status }) => status === 'rejected')).toEqual([]);
  }
});
