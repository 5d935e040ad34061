import { describe, expect, test } from 'vitest';
import { builtIn } from '../support/evidence.ts';
import { labelledOf } from '../support/labelled.ts';
import { play, tried } from '../support/played.ts';

const runbook = builtIn('verification-server');
const incidents = labelledOf('verification-server');

describe('the incidents of the verification server', () => {
  test.each([...incidents])('%s', async (name, incident) => {
    expect(tried(name, incident, await play(incident)).mismatches).toEqual([]);
  });

  test('are of every category, quiet ones and ones with a source missing among them', () => {
    const truths = new Set([...incidents.values()].flatMap(({ expect: label }) => label.category));
    expect([...truths].sort()).toEqual(
      [...runbook.categories.map(({ id }) => id), 'inconclusive', 'quiet'].sort(),
    );
  });
});

test('a source that is not there is said, and is not zero', async () => {
  const incident = incidents.get('verification-server/no-metric');
  const { evidence } = await play(incident ?? expect.fail());
  expect(evidence.signals['limited-by-job']).toMatchObject({ status: 'absent', total: null });
  const without = incidents.get('verification-server/no-such-streams');
  const { signals } = (await play(without ?? expect.fail())).evidence;
  expect(signals['lines-by-user']).toMatchObject({ status: 'absent', total: null });
  expect(signals['lines-by-user']?.reason).toBe('no stream of the logs has app="verification-server"');
});

test('a key of the limiter and a job are nobody, and never a subject', async () => {
  for (const name of ['nat-by-realm-key', 'user-both', 'realm-code']) {
    const { verdict } = await play(incidents.get(`verification-server/${name}`) ?? expect.fail());
    const kinds = verdict.findings.flatMap(({ subjects }) => subjects.map(({ kind }) => kind));
    expect(kinds.filter((kind) => !['ip', 'user', 'realm'].includes(kind))).toEqual([]);
  }
});
