import fc from 'fast-check';
import { expect, test } from 'vitest';
import { doneAt, entriesOf } from '../../src/journal/entries.ts';
import type { Change, JournalEvent, NewEvent } from '../../src/journal/types.ts';

const change = (status: Change['status']): Change => ({
  ...{ system: 'redis', target: 'acp:ip_block:203.0.113.42', before: null, after: null },
  ...{ status, message: null, verified: null },
});
const intent = (id: string, undoes: string | null = null): NewEvent => ({
  ...{ event: 'intent', id, remedy: 'block-ip', operator: 'ada', reason: 'stuffing', context: 'prod' },
  ...{ runbook: 'aegis', systems: { redis: 'redis://127.0.0.1:6379', api: null }, systemAt: null },
  ...{ changes: [change('planned')], undoes },
});
const outcome = (id: string): NewEvent => ({
  ...{ event: 'outcome', id, status: 'applied', changes: [change('applied')] },
});
const written = (event: NewEvent, index: number): JournalEvent => ({
  ...event,
  ...{ schema: 'ratelimit/journal-event/v1', seq: index + 1, prev: '0'.repeat(64) },
  at: `2026-05-29T03:12:0${index}.000Z`,
});
const story = [
  intent('a'),
  outcome('a'),
  { event: 'verified', id: 'a', verified: 'enforced', text: 'no request since' } as const,
  intent('b'),
  intent('c', 'a'),
  outcome('c'),
  { event: 'undone', id: 'a', by: 'c' } as const,
  outcome('nobody'),
].map(written);

test('the events of one id become one entry, newest last', () => {
  const [a, b, c, ...rest] = entriesOf(story);
  expect(rest).toEqual([]);
  expect(a).toEqual({
    ...{ id: 'a', remedy: 'block-ip', operator: 'ada', reason: 'stuffing', context: 'prod' },
    ...{ runbook: 'aegis', systems: { redis: 'redis://127.0.0.1:6379', api: null }, systemAt: null },
    ...{ at: '2026-05-29T03:12:00.000Z', seq: 1, undoes: null },
    ...{ status: 'applied', resolved: true, changes: [change('applied')] },
    ...{ verified: 'enforced', verification: 'no request since', undoneBy: 'c' },
  });
  expect(b).toMatchObject({ id: 'b', status: 'unknown', resolved: false, changes: [change('planned')] });
  expect(b).toMatchObject({ verified: null, verification: null, undoneBy: null });
  expect(c).toMatchObject({ id: 'c', status: 'applied', undoes: 'a', undoneBy: null });
});

test('in any order, and any of them more than once, they say the same', () => {
  const shuffled = fc.shuffledSubarray(story, { minLength: story.length });
  const some = fc.subarray(story);
  fc.assert(
    fc.property(shuffled, some, (all, again) => {
      expect(entriesOf([...all, ...again])).toEqual(entriesOf(story));
    }),
  );
});

test('another intent of the same id changes nothing, a later outcome does', () => {
  const forged = { ...written(intent('a'), 8), operator: 'mallory' } as JournalEvent;
  const failed = written({ event: 'outcome', id: 'a', status: 'failed', changes: [] }, 9);
  const [a] = entriesOf([...story, forged, failed]);
  expect(a).toMatchObject({ operator: 'ada', seq: 1, status: 'failed', changes: [] });
});

test('no events, no entries', () => {
  expect(entriesOf([])).toEqual([]);
});

const NOTE = { category: null, step: null, happenedAt: '2026-05-29T03:10:00.000Z' };
const noted = (more: object = {}): NewEvent => ({
  ...intent('n'),
  ...{ remedy: 'note', changes: [], note: NOTE },
  ...more,
});

test('a note is whole with its one event, and nothing becomes of it', () => {
  const later = [
    { ...outcome('n'), status: 'failed' } as const,
    { event: 'verified', id: 'n', verified: 'not-enforced', text: 'x' } as const,
    { event: 'undone', id: 'n', by: 'c' } as const,
  ];
  const [entry] = entriesOf([noted(), ...later].map(written));
  expect(entry).toMatchObject({ remedy: 'note', status: 'applied', resolved: true, changes: [], note: NOTE });
  expect(entry).toMatchObject({ verified: null, verification: null, undoneBy: null });
  expect(entry === undefined ? null : doneAt(entry)).toBe(NOTE.happenedAt);
});

test('what was to change something is none, and none tells of what is still to come', () => {
  const [changing] = entriesOf([written(noted({ changes: [change('planned')] }), 0)]);
  expect([changing?.status, changing?.note]).toEqual(['unknown', undefined]);
  const [undoing] = entriesOf([written(noted({ undoes: 'a' }), 0)]);
  expect([undoing?.status, undoing?.note]).toEqual(['unknown', undefined]);
  const [early] = entriesOf([
    written(noted({ note: { ...NOTE, happenedAt: '2026-05-29T03:12:01.000Z' } }), 0),
  ]);
  expect(early?.note).toEqual({ ...NOTE, happenedAt: null });
  expect(early === undefined ? null : doneAt(early)).toBe('2026-05-29T03:12:00.000Z');
});
