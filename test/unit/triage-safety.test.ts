import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import type { Id, Reading } from '../../src/evidence/types.ts';
import { triageHtml } from '../../src/output/html/triage.ts';
import { makePaint } from '../../src/output/paint.ts';
import type { TriageDocument } from '../../src/output/triage-document.ts';
import { triageHuman } from '../../src/output/triage-human.ts';
import { triageJson } from '../../src/output/triage-json.ts';
import { triageMarkdown } from '../../src/output/triage-markdown.ts';
import { anyReadings, hostile } from '../support/arbitrary-evidence.ts';
import * as given from '../support/evidence.ts';
import { documentOf } from '../support/triage.ts';

const human = (document: TriageDocument, width = 80) => triageHuman(document, makePaint(false), width);
const page = (document: TriageDocument) => triageHtml(document, { version: '0', operator: 'ada' });
const FORMATS = { human, json: triageJson, markdown: triageMarkdown, html: page };

/** Controls, format characters (bidi, zero-width, tags), surrogate halves, separators, look-alike spaces. */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{DI}\u00a0\u2000-\u200a\u202f\u205f\u3000]/u;

const id: fc.Arbitrary<Id> = fc.oneof(
  hostile,
  fc
    .uint8Array({ minLength: 1, maxLength: 20 })
    .map((bytes) => ({ hex: Buffer.from(bytes).toString('hex') })),
);
const named = <T>(value: fc.Arbitrary<T>) => fc.array(fc.tuple(id, value), { maxLength: 6 });
const paths = fc.dictionary(hostile, fc.integer({ min: 1, max: 9 }), { minKeys: 1, maxKeys: 5 });

/** Readings in which every text from outside is chosen by an attacker. */
const hostileReadings: fc.Arbitrary<Record<string, Reading>> = fc
  .record({
    failures: named(fc.integer({ min: 1, max: 900 })),
    tenants: named(paths),
    spends: named(
      fc.tuple(fc.integer({ min: 0, max: 200 }), fc.option(fc.oneof(fc.constant('100.00'), hostile))),
    ),
    up: named(fc.constantFrom<0 | 1>(0, 1)),
    blocks: named(fc.tuple(fc.integer({ min: 0, max: 86_400 }), hostile)),
    reason: hostile,
    warning: hostile,
  })
  .map(({ failures, tenants, spends, up, blocks, reason, warning }) => ({
    'auth-failures-by-ip': { ...given.counters([...failures, ['203.0.113.42', 900]]), warnings: [warning] },
    'rejects-by-tenant': given.rejects(tenants),
    'agent-spend': given.agents(spends),
    'service-up': given.services(up),
    blocks: given.blocks(blocks),
    inflight: given.unknown('malformed', reason),
    deploys: given.absent(reason),
  }));

describe.each(Object.entries(FORMATS))('%s', (_, render) => {
  test('holds no character that a terminal or a page would not show, whatever comes from outside', () => {
    fc.assert(
      fc.property(hostileReadings, hostile, (readings, context) => {
        const text = render({ ...documentOf(readings), context });
        expect(text.endsWith('\n')).toBe(true);
        expect(HIDDEN.exec(text.replaceAll('\n', ''))).toBeNull();
      }),
    );
  });

  test('shows any evidence at all, without a gap in a sentence', () => {
    fc.assert(
      fc.property(anyReadings, (readings) => {
        const text = render(documentOf(readings));
        expect(text).not.toMatch(
          /undefined|NaN|Infinity|\[object|\{(?:subjects|value|share|total|distinct|window|crowd|rest)/,
        );
      }),
    );
  });
});

describe('the screen', () => {
  /** The first line, commands and words that cannot be broken may be wider; wide characters are the table's matter. */
  const tooWide = (text: string, width: number) =>
    text
      .split('\n')
      .slice(1)
      .filter((line) => line.length > width)
      .filter((line) => !/^ {5}ratelimit .* --context prod$/.test(line) && !/^ *\S*$|[^ -~]/.test(line));

  test.each([80, 100])('fits in %i columns for any evidence', (width) => {
    fc.assert(
      fc.property(anyReadings, (readings) => {
        expect(tooWide(human(documentOf(readings), width), width)).toEqual([]);
      }),
    );
  });

  test('says of recorded evidence that it is', () => {
    expect(human(documentOf({}))).not.toMatch(/recorded/);
    expect(human({ ...documentOf({}), replayed: true })).toMatch(/recorded/);
  });

  test('breaks prose of wide characters by the columns that they take', () => {
    const document = documentOf({ 'service-up': given.absent('認証に失敗しました '.repeat(12).trim()) });
    const lines = human(document).split('\n').slice(1);
    expect(lines.join(' ')).toContain('認証に失敗しました');
    expect(lines.filter((line) => stringWidth(line) > 80)).toEqual([]);
  });

  test('has a first line that names the category, the confidence and what it is', () => {
    fc.assert(
      fc.property(anyReadings, (readings) => {
        const document = documentOf(readings);
        const [first = ''] = human(document).split('\n');
        expect(first).toContain(`${document.verdict.category} (confidence ${document.verdict.confidence}): `);
        for (const { category } of document.verdict.findings) expect(first).toContain(category);
        expect(first.trim()).not.toMatch(/[:;,]$/);
      }),
    );
  });

  test('is the same with colour, beside the colour', () => {
    const document = documentOf({
      'auth-failures-by-ip': given.counters({ '203.0.113.42': 900, ...given.crowd(60, 15) }),
    });
    const coloured = triageHuman(document, makePaint(true), 80);
    const esc = String.fromCharCode(27);
    expect(coloured).toContain(`${esc}[`);
    expect(coloured.replaceAll(new RegExp(`${esc}\\[\\d+m`, 'g'), '')).toBe(human(document));
  });
});

describe('Markdown', () => {
  test('lets nothing from outside be markup', () => {
    fc.assert(
      fc.property(hostileReadings, (readings) => {
        const text = triageMarkdown(documentOf(readings));
        const prose = text.replaceAll(/```sh\n[^`]*```/g, '').replaceAll(/`[^`\n]*`/g, '');
        expect(prose).not.toMatch(/(?<!\\)`|<(?!$)[a-z!/]|(?<!\\)\]\(/i);
      }),
    );
  });

  test('has as many cells in each row of a table as in its head', () => {
    fc.assert(
      fc.property(hostileReadings, (readings) => {
        const cells = (row: string) => row.match(/(?<!\\)\|/g)?.length;
        const tables = triageMarkdown(documentOf(readings)).match(/(?:^\|.*\n)+/gm) ?? [];
        for (const table of tables) {
          const [head = '', ...rows] = table.trimEnd().split('\n');
          for (const row of rows) expect(cells(row)).toBe(cells(head));
        }
      }),
    );
  });

  test('escapes what is hidden once', () => {
    const text = triageMarkdown(
      documentOf({ 'rejects-by-tenant': given.rejects([['a\u202eb', { '/agents': 3 }]]) }),
    );
    const [, , summary = ''] = text.split('\n');
    expect(summary.replaceAll(/\\([\\{}])/g, '$1')).toContain(String.raw`tenant a\u{202e}b`);
  });

  test('has an empty cell for what is not there, and a time that can be copied', () => {
    const text = triageMarkdown(
      documentOf({ 'auth-failures-by-ip': given.counters({ '203.0.113.42': 900 }) }),
    );
    expect(text).not.toContain('""');
    expect(text).toContain('2026-05-29T03:12:04Z');
  });
});

describe('the page', () => {
  const TAGS =
    'b body code dd details div dl dt footer h1 h2 h3 h4 head header html li main meta ol p pre rect section span style summary svg table tbody td th thead title tr ul';

  test('lets nothing from outside be an element or an attribute', () => {
    const known = new Set(TAGS.split(' '));
    fc.assert(
      fc.property(hostileReadings, hostile, (readings, context) => {
        const [, body = ''] = page({ ...documentOf(readings), context }).split('</style>');
        const bare = body.replaceAll(/"[^"<>]*"/g, '""');
        expect([...bare.matchAll(/<\/?([^\s>/]*)/g)].filter(([, tag = '']) => !known.has(tag))).toEqual([]);
        expect(bare).not.toMatch(/<[^>]*\s(?:on\w+|style|href|src)=/);
      }),
    );
  });
});
