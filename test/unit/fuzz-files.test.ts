import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { completed, parseCapture, readCapture } from '../../src/evidence/capture.ts';
import { entriesOf } from '../../src/journal/entries.ts';
import { parseLine, SCHEMA } from '../../src/journal/events.ts';
import { readJournal } from '../../src/journal/read.ts';
import { reportJson } from '../../src/output/report-json.ts';
import { clock } from '../support/collecting.ts';
import { aegis } from '../support/evidence.ts';
import { stuffing } from '../support/report.ts';
import { reportOf } from '../support/report-of.ts';

// Whatever is in a file that somebody hands over: a sentence about it, or what it says, and never anything else.

/** Names that reach into every object when they are assigned carelessly. */
const EVIL_KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];
const RUNS = { numRuns: 200, seed: 7 };

const json: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom(null, 0, -1, Number.MAX_VALUE, 1e15, '', '\u0000', '\ud800', 'x'.repeat(20_000), [], {}),
);

interface Mutation {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'add';
  readonly value: unknown;
  readonly key: string;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'remove', 'add'),
  value: json,
  key: fc.oneof(fc.constantFrom(...EVIL_KEYS), fc.string({ maxLength: 8 })),
});

/** JSON text with something in it replaced, removed or added, at some place of all that there are. */
function mutated(text: string, { at, how, value, key }: Mutation): string {
  const document: unknown = JSON.parse(text);
  const places: { readonly holder: Record<string, unknown>; readonly name: string }[] = [];
  const walk = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, inner] of Object.entries(node)) {
      places.push({ holder: node as Record<string, unknown>, name });
      walk(inner);
    }
  };
  walk(document);
  const place = places[at % places.length];
  if (place === undefined) return text;
  const { holder, name } = place;
  if (how === 'remove') delete holder[name];
  else if (how === 'replace') holder[name] = value;
  else Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
  return JSON.stringify(document);
}

/** What would be there if a file had got into every object. */
const pollution = (): string[] => Object.keys(Object.prototype).concat(Object.keys(Array.prototype));

describe('the reader of captures', () => {
  const [capture] = stuffing().captures;
  if (capture === undefined) throw new Error('no capture');
  // Short, so that a mutation often meets something that matters.
  const small = JSON.stringify({
    ...capture,
    history: capture.history.map((chart) => ({
      ...chart,
      lines: chart.lines.map(({ id, points }) => ({ id, points: points.slice(0, 3) })),
      total: null,
    })),
  });

  /** Reads it, and where it is a capture makes all of a report of it. */
  const read = (text: string): 'refused' | 'read' => {
    try {
      const parsed = parseCapture(text, 'some.json', clock);
      const evidence = completed(parsed, aegis);
      reportJson(reportOf([{ ...parsed, evidence }], []), clock, false);
      return 'read';
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.message).toMatch(/^some\.json cannot be judged: \S/);
      expect(error.message.length).toBeLessThan(1_000);
      return 'refused';
    }
  };

  test('takes what was saved', () => expect(read(small)).toBe('read'));

  test.each([1e9, 1e300])('reads or refuses one whose numbers are all %d', (number) => {
    const text = small.replaceAll(
      /("(?:lastSeenSeconds|windowSeconds|stepSeconds|endsInSeconds)":)\w+/g,
      `$1${number}`,
    );
    expect(read(text)).toBe(number === 1e9 ? 'read' : 'refused');
  });

  test('refuses any other text in one sentence', () => {
    fc.assert(
      fc.property(fc.string(), (text) => read(text) === 'refused'),
      RUNS,
    );
    fc.assert(
      fc.property(json, (value) => read(JSON.stringify(value) ?? '') === 'refused'),
      RUNS,
    );
  });

  test('refuses one that is cut short', () => {
    const cut = fc.integer({ min: 0, max: small.length - 1 });
    fc.assert(
      fc.property(cut, (length) => read(small.slice(0, length)) === 'refused'),
      RUNS,
    );
  });

  test('reads or refuses one that was edited', () => {
    const results = new Set<string>();
    fc.assert(
      fc.property(mutation, (one) => {
        results.add(read(mutated(small, one)));
        expect(pollution()).toEqual([]);
      }),
      { ...RUNS, numRuns: 150 },
    );
    expect([...results].sort()).toEqual(['read', 'refused']);
  });
});

describe('the reader of journals', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-fuzz-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const event = JSON.stringify({
    ...{ schema: SCHEMA, seq: 1, prev: '0'.repeat(64), at: '2026-05-29T03:14:10.000Z', event: 'intent' },
    ...{ id: '01JWD8Q2Z4N7XK3T5V9B0C6F1G', remedy: 'block-ip', operator: 'alice', reason: 'stuffing' },
    ...{ context: null, runbook: 'aegis', systems: { redis: 'redis://10.0.0.5:6379', api: null } },
    ...{ systemAt: null, undoes: null },
    changes: [
      {
        ...{ system: 'redis', target: 'acp:ip_block:203.0.113.42', before: null, status: 'planned' },
        after: { value: 'stuffing', ttlSeconds: 86_400, expiresAt: '2026-05-30T03:14:10.000Z' },
        ...{ message: null, verified: null },
      },
    ],
  });

  test('finds an event or says what is wrong with the line', () => {
    expect(parseLine(event).event).toMatchObject({ remedy: 'block-ip' });
    const line = fc.oneof(
      fc.string(),
      json.map((value) => JSON.stringify(value) ?? ''),
      mutation.map((one) => mutated(event, one)),
    );
    fc.assert(
      fc.property(line, (text) => {
        const parsed = parseLine(text);
        if (typeof parsed.event === 'string') expect(parsed.event).not.toBe('');
        else entriesOf([parsed.event]);
        expect(pollution()).toEqual([]);
      }),
      { ...RUNS, numRuns: 400 },
    );
  });

  test('reads any file to its end, and says what is wrong with it', async () => {
    const head = join(folder, 'journal.head');
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 500 }),
      fc
        .array(fc.oneof(fc.constant(event), fc.string()), { maxLength: 6 })
        .map((lines) => Buffer.from(lines.join('\n'))),
      fc
        .integer({ min: 0, max: event.length })
        .map((length) => Buffer.from(`${event}\n${event.slice(0, length)}`)),
    );
    let number = 0;
    await fc.assert(
      fc.asyncProperty(bytes, fc.boolean(), async (content, isHead) => {
        number += 1;
        const file = join(folder, `${number}.jsonl`);
        await writeFile(file, content);
        await writeFile(head, isHead ? content : '');
        const { events, problems, missing } = await readJournal(file, head);
        expect(missing).toBe(false);
        for (const problem of problems) expect(problem).toMatch(/\S/);
        entriesOf(events);
        expect(pollution()).toEqual([]);
      }),
      { ...RUNS, numRuns: 100 },
    );
  });

  test('a file that is none is refused, not waited for', async () => {
    const { problems } = await readJournal(folder, join(folder, 'no-head'));
    expect(problems).toEqual([expect.stringMatching(/cannot read the journal .* it is a folder/)]);
  });
});

test('a file with more than anybody saves is not read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'capture-'));
  try {
    const file = join(folder, 'large.json');
    await writeFile(file, Buffer.alloc(17 * 1024 * 1024, 0x20));
    await expect(readCapture(file, clock)).rejects.toThrow(
      /large\.json cannot be judged: it has more than 16 MiB/,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
