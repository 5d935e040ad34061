import { describe, expect, test } from 'vitest';
import { parseEvent } from '../../src/journal/events.ts';
import type { Change, IntentEvent, JournalEvent } from '../../src/journal/types.ts';

// All keys, those too that may be left out: a key that the types get and the parser does not is found here.

const change: Required<Change> = {
  system: 'redis',
  target: 'acp:ip_block:203.0.113.42',
  before: { value: { hex: 'ff00' }, ttlSeconds: null, expiresAt: null },
  after: { value: 'credential_stuffing', ttlSeconds: 86400, expiresAt: '2026-05-30T03:12:04.000Z' },
  status: 'planned',
  message: null,
  verified: null,
  momentary: false,
};
const frame = {
  schema: 'ratelimit/journal-event/v1',
  seq: 1,
  prev: '0'.repeat(64),
  at: '2026-05-29T03:12:04.123Z',
  id: '01JW',
} as const;
const intent: Required<JournalEvent & IntentEvent> = {
  ...frame,
  ...{ event: 'intent', remedy: 'block-ip', operator: 'ada', reason: 'stuffing', context: null },
  ...{ runbook: 'aegis', systemAt: null, changes: [change], undoes: null },
  systems: { redis: 'redis://127.0.0.1:6379/0', api: null, prometheus: null },
  note: { category: 'platform-overload', step: null, happenedAt: '2026-05-29T03:10:00Z' },
};
/** Keys that may be left out. */
const MAY_BE_MISSING = ['note'];
const valid: Record<string, Required<JournalEvent>> = {
  intent,
  outcome: {
    ...frame,
    event: 'outcome',
    status: 'partial',
    changes: [{ ...change, status: 'applied' }],
  },
  verified: { ...frame, event: 'verified', verified: 'enforced', text: 'no request since' },
  undone: { ...frame, event: 'undone', by: '01JX' },
};
const parse = (value: unknown) => parseEvent(JSON.stringify(value));

describe('an event', () => {
  test.each(Object.entries(valid))('%s is read as it was written', (_, event) => {
    expect(parse(event)).toEqual(event);
  });

  test('of a newer version may have more keys, which are left out', () => {
    const more = { ...intent, ticket: 7, systems: { ...intent.systems, kafka: 'x' } };
    expect(parse(more)).toEqual(intent);
    expect(parseEvent(JSON.stringify(valid.undone).replace('{', '{"__proto__":{"id":"x"},'))).toEqual(
      valid.undone,
    );
  });

  test('need not say of a change that it is momentary', () => {
    const { momentary: _, ...rest } = change;
    expect(parse({ ...intent, changes: [rest] })).toEqual({ ...intent, changes: [rest] });
  });

  test('need not be a note, nor name a Prometheus', () => {
    const { note: _, systems, ...rest } = intent;
    const { prometheus: __, ...others } = systems;
    expect(parse({ ...rest, systems: others })).toEqual({ ...rest, systems: others });
  });

  test('without one of its keys is refused, whichever it is', () => {
    for (const event of Object.values(valid)) {
      for (const key of Object.keys(event).filter((one) => !MAY_BE_MISSING.includes(one))) {
        expect(parse({ ...event, [key]: undefined }), key).toMatch(new RegExp(`^${key}: expected `));
      }
    }
  });

  test('with anything of another type is refused, however deep', () => {
    const wrong: unknown[] = [0, -1, 1.5, true, '', ' ', 'x', [], {}, [null], { hex: 'f' }];
    const places = (value: unknown, path: string[] = []): string[][] =>
      typeof value !== 'object' || value === null
        ? [path]
        : [path, ...Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]))];
    const replaced = (value: unknown, [key, ...path]: string[], by: unknown): unknown => {
      if (key === undefined) return by;
      const copy = structuredClone(value) as Record<string, unknown>;
      copy[key] = replaced(copy[key], path, by);
      return copy;
    };
    for (const event of Object.values(valid)) {
      for (const path of places(event)) {
        const answers = wrong.map((value) => parse(replaced(event, path, value)));
        const refused = answers.filter((answer) => typeof answer === 'string');
        // Any text will do where a text is free, and a list may be empty.
        expect(refused.length, path.join('.')).toBeGreaterThanOrEqual(wrong.length - 4);
        for (const answer of refused) expect(answer).toMatch(/^(?:[\w.[\]]+: )?expected \w/);
      }
    }
  });

  test.each([
    ['', 'it is not JSON'],
    ['{"a":', 'it is not JSON'],
    ['null', 'expected an object'],
    ['[]', 'expected an object'],
    ['7', 'expected an object'],
    ['{}', 'schema: expected ratelimit/journal-event/v1'],
  ])('%s is not one: %s', (line, problem) => {
    expect(parseEvent(line)).toBe(problem);
  });

  test.each<[object, string]>([
    [{ schema: 'x/v9' }, 'schema: expected ratelimit/journal-event/v1'],
    [{ event: 'constructor' }, 'event: expected one of intent, outcome, verified, undone'],
    [{ seq: 2 ** 53 }, 'seq: expected a whole number from 1'],
    [{ prev: 'A'.repeat(64) }, 'prev: expected 64 hexadecimal digits'],
    [{ at: '2026-05-29 03:12' }, 'at: expected a time in UTC, ISO 8601'],
    [{ at: '2026-13-29T03:12:04Z' }, 'at: expected a time in UTC, ISO 8601'],
    [{ id: '$(reboot)' }, 'id: expected an id of 1 to 128 letters, digits, _ and -'],
    [{ changes: [{ ...change, momentary: null }] }, 'changes[0].momentary: expected true or false'],
    [{ note: { ...intent.note, step: 'rm -rf' } }, 'note.step: expected lower-case words joined by dashes'],
    [{ note: { ...intent.note, happenedAt: 'noon' } }, 'note.happenedAt: expected a time in UTC, ISO 8601'],
    [{ note: null }, 'note: expected an object'],
    [{ id: 'a\n' }, 'id: expected an id of 1 to 128 letters, digits, _ and -'],
    [
      { changes: [change, { ...change, after: { ...change.after, value: 5 } }] },
      'changes[1].after.value: expected text',
    ],
  ])('with %j is refused', (wrong, problem) => {
    expect(parse({ ...intent, ...wrong })).toBe(problem);
  });
});
