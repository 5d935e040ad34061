import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeSpan, escapeMarkdown, escapeText } from '../../src/output/escape.ts';

/** Any UTF-16 at all, lone surrogates included, with what an attacker would choose made likely. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom(
        ' ',
        '\\',
        '…',
        '"',
        '\u0301',
        '\u034f',
        '\u202e',
        '\u200b',
        '\x1b[2J',
        '\ud83d',
        '\udc00',
      ),
      fc.constantFrom(
        '`',
        '|',
        '@here',
        '<!channel>',
        ':smile:',
        'http://',
        'www.',
        '#1',
        '](',
        '1. ',
        '\\x1b',
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

const ESCAPE = /\\(?:\\|x([0-9a-f]{2})|u\{([0-9a-f]+)\})/g;

function unescapeText(shown: string): string {
  if (shown === '""') return '';
  return shown.replace(ESCAPE, (_, short?: string, long?: string) => {
    const hex = short ?? long;
    return hex === undefined ? '\\' : String.fromCodePoint(Number.parseInt(hex, 16));
  });
}

/** Ranges that must never reach a terminal: controls, bidi and invisible characters, surrogates, noncharacters. */
const FORBIDDEN: [from: number, to: number][] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xd800, 0xdfff],
  [0xfdd0, 0xfdef],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff9, 0xfffb],
  [0xfffe, 0xffff],
  [0x1fffe, 0x1ffff],
  [0xe0000, 0xe007f],
  [0xe0100, 0xe01ef],
  [0x10fffe, 0x10ffff],
];

describe('escapeText', () => {
  test.each([
    ['tenant-a_1', 'tenant-a_1'],
    ['', '""'],
    ['""', '\\x22\\x22'],
    ['a b', 'a b'],
    [' a  ', '\\x20a\\x20\\x20'],
    ['C:\\x1b', 'C:\\\\x1b'],
    ['\x1b[31mred\r\n', '\\x1b[31mred\\x0d\\x0a'],
    ['203.0.113.42\u202e', '203.0.113.42\\u{202e}'],
    ['a\u00a0b', 'a\\xa0b'],
    ['\ud83d', '\\u{d83d}'],
    ['caf\u00e9 cafe\u0301 漢字 😀', 'caf\u00e9 cafe\u0301 漢字 😀'],
    ['a\u0301\u0302\u0303\u0304\u0305', 'a\u0301\u0302\u0303\\u{304}\\u{305}'],
    ['\u0301a', '\\u{301}a'],
  ])('%j is shown as %j', (text, shown) => {
    expect(escapeText(text)).toBe(shown);
  });

  test('cuts at a visible character, never within an escape', () => {
    expect(escapeText('abcdef', 6)).toBe('abcdef');
    expect(escapeText('abcdefg', 6)).toBe('abcde…');
    expect(escapeText('abc\x1b', 6)).toBe('abc…');
    expect(escapeText('""', 6)).toBe('\\x22…');
    expect(escapeText('ab\x1b', 6)).toBe('ab\\x1b');
    expect(escapeText('e\u0301'.repeat(9), 3)).toBe('e\u0301e\u0301…');
    expect(escapeText('x'.repeat(5_000_000))).toHaveLength(64);
  });

  test('escapes every forbidden code point', () => {
    for (const [from, to] of FORBIDDEN) {
      for (let code = from; code <= to; code++) {
        const shown = escapeText(`a${String.fromCodePoint(code)}b`);
        expect(shown, code.toString(16)).toMatch(/^a\\[xu]\{?[0-9a-f]+\}?b$/);
      }
    }
  });

  test('only ever writes visible characters and spaces inside', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = escapeText(text, Number.POSITIVE_INFINITY);
        expect(shown).toMatch(/^(?! )(?:[\p{L}\p{N}\p{P}\p{S} ]\p{M}{0,3})+(?<! )$/u);
        expect(shown).not.toMatch(/[\p{C}\p{DI}\p{Zl}\p{Zp}]|(?! )\p{Z}/u);
      }),
      { numRuns: 2000 },
    );
  });

  test('reads back to the exact text, so no two texts look alike', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(unescapeText(escapeText(text, Number.POSITIVE_INFINITY))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test('is bounded, and a cut text is a prefix of the whole one', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 20 }), (text, maxChars) => {
        const whole = escapeText(text, Number.POSITIVE_INFINITY);
        const shown = escapeText(text, maxChars);
        expect(visible(shown)).toBeLessThanOrEqual(maxChars);
        if (shown === whole) return;
        expect(shown.endsWith('…')).toBe(true);
        expect(whole.startsWith(shown.slice(0, -1))).toBe(true);
        expect(shown.replace(ESCAPE, '')).not.toContain('\\');
      }),
      { numRuns: 2000 },
    );
  });
});

function visible(text: string): number {
  // The text '""' stands for nothing, and is the one thing that may be longer than asked for.
  return text === '""' ? 0 : (text.replace(/\p{M}/gu, '').match(/./gsu)?.length ?? 0);
}

describe('escapeMarkdown', () => {
  test.each([
    ['acme', 'acme'],
    ['203.0.113.42', '203.0.113.42'],
    ['2001:db8::1', '2001:&#8203;db8::1'],
    ['**b** _i_ ~s~', '\\*\\*b\\*\\* \\_i\\_ \\~s\\~'],
    ['a|b', 'a\\|b'],
    ['![x](y)', '\\!\\[x\\]\\(y\\)'],
    ['<!channel> &amp;', '&lt;\\!channel&gt; &amp;amp;'],
    ['@here me@x.example', '@&#8203;here me@&#8203;x.example'],
    ['https://evil.example', 'https:&#8203;//evil.example'],
    ['WWW.evil.example', 'WWW&#8203;.evil.example'],
    [':heavy_check_mark:', '\\:&#8203;heavy\\_check\\_mark:'],
    ['#12 gh-12', '\\#&#8203;12 gh-&#8203;12'],
    ['- item', '\\- item'],
    ['1. item', '1\\. item'],
    ['===', '\\==='],
    ['$a$', '\\$a\\$'],
    ['a\nb', 'a\\\\x0ab'],
  ])('%j becomes %j', (text, markdown) => {
    expect(escapeMarkdown(text)).toBe(markdown);
  });

  test('leaves no live metacharacter, and renders as escapeText', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const markdown = escapeMarkdown(text, 200);
        const live = markdown.replace(/\\[!-/:-@[-`{-~]|&(?:amp|lt|gt|#8203);/g, 'X');
        expect(live).not.toMatch(/[\\`*_{}[\]()#!|~$<>&]|^[-+=:]|^\d+\. /);
        expect(render(markdown, '\u200b')).not.toMatch(/@(?!\u200b)|:\/\/|www\.|:[\w+-]+:|#\d|GH-\d/i);
        expect(render(markdown)).toBe(escapeText(text, 200));
      }),
      { numRuns: 2000 },
    );
  });
});

/** What a reader sees: CommonMark's backslash escapes and character references, with `space` for the zero-width one. */
function render(markdown: string, space = ''): string {
  const entities: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&#8203;': space };
  return markdown.replace(/\\([!-/:-@[-`{-~])|&(?:amp|lt|gt|#8203);/g, (entity, escaped?: string) => {
    return escaped ?? entities[entity] ?? entity;
  });
}

describe('codeSpan', () => {
  test.each([
    ['acp:auth_fail:203.0.113.42', '`acp:auth_fail:203.0.113.42`'],
    ['', '`""`'],
    ['`', '`\\x60`'],
    ['a`` | b', '`a\\x60\\x60 \\x7c b`'],
    ['<!here>', '`\\x3c!here>`'],
  ])('%j becomes %s', (text, span) => {
    expect(codeSpan(text)).toBe(span);
  });

  test('cannot be left and reads back', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const span = codeSpan(text, Number.POSITIVE_INFINITY);
        expect(span).toMatch(/^`[^`|<\n]+`$/);
        expect(unescapeText(span.slice(1, -1))).toBe(text);
      }),
    );
  });
});
