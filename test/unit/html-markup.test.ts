import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeHtml, html, NOTHING } from '../../src/output/html/markup.ts';
import { page } from '../../src/output/html/page.ts';
import { bar, bullets, command, folded, section, table } from '../../src/output/html/parts.ts';
import { STYLE } from '../../src/output/html/style.ts';
import { cleanSvg } from '../../src/output/html/svg.ts';
import { hostile } from '../support/arbitrary-evidence.ts';

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
/** What a browser reads. */
const read = (markup: string) =>
  markup.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? '');

describe('text in markup', () => {
  test('is read as itself, and is never markup', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: 'grapheme-ascii' })), (text) => {
        const escaped = escapeHtml(text);
        expect(escaped).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
        if (/^[\n -~]*$/.test(text)) expect(read(escaped)).toBe(text);
        // Hidden characters are shown.
        expect(escaped).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
    );
  });

  test('is escaped wherever it is put, and markup is not escaped twice', () => {
    const text = `"><script>alert('&amp;')</script>`;
    const inner = html`<b title="${text}">${text}</b>`;
    expect(html`<p>${[inner, NOTHING]}${3}</p>`.markup).toBe(
      '<p><b title="&quot;&gt;&lt;script&gt;alert(&#39;&amp;amp;&#39;)&lt;/script&gt;">' +
        '&quot;&gt;&lt;script&gt;alert(&#39;&amp;amp;&#39;)&lt;/script&gt;</b>3</p>',
    );
  });

  test('data that looks like markup is none', () => {
    const forged = JSON.parse('{"markup":"<script>"}') as string;
    expect(() => html`<p>${forged}</p>`).toThrow(TypeError);
  });
});

describe('parts of a page', () => {
  test('without content are not there', () => {
    expect([section(2, 'x', [NOTHING]), folded('x', []), bullets([])].map(({ markup }) => markup)).toEqual([
      ...['', '', ''],
    ]);
  });

  test('a table names its columns and rows', () => {
    const columns = [
      { head: 'IP', cell: (row: string) => row },
      { head: 'n', right: true, cell: () => '1' },
    ];
    expect(table('of <all>', columns, ['<i>']).markup).toMatchInlineSnapshot(`
      "<div class="table" role="region" aria-label="of &lt;all&gt;" tabindex="0"><table>
      <thead><tr><th scope="col">IP</th><th scope="col" class="right">n</th></tr></thead>
      <tbody>
      <tr><th scope="row">&lt;i&gt;</th><td class="right">1</td></tr>
      </tbody>
      </table></div>
      "
    `);
  });

  test('a bar is as long as its share, however large or small', () => {
    const widths = [0, 0.00001, 0.5, 1, 7, Number.NaN].map(
      (share) => /part" y="2" width="([^"]*)"/.exec(bar(share).markup)?.[1],
    );
    expect(widths).toEqual(['0', '0.6', '50.0', '100.0', '100.0', '0']);
  });

  test('a command is one line of text, whatever is in it', () => {
    const { markup } = command(['ratelimit', 'note', "it's <b>", 'x'.repeat(40), '\u001b[2J\u202e']);
    expect(read(markup.replaceAll(/<\/?(?:span|code|pre)[^>]*>/g, ''))).toBe(
      `ratelimit note "it's <b>" ${'x'.repeat(40)} '\\x1b[2J\\u{202e}'\n`,
    );
  });
});

describe('a page', () => {
  const shown = page({
    title: '</title><script>x</script>',
    body: [html`<h1>x</h1>`],
    about: '<i>',
    maker: { version: '1.2.3', operator: 'ada"><b>' },
  });

  test('has nothing but text from outside, and no script, link, image or style of an element', () => {
    expect(shown).not.toMatch(/<script|<link|<img|<iframe|<i>|<b>| style=| on\w+=|https?:|javascript:/i);
    expect(shown).toContain('Made by ada&quot;&gt;&lt;b&gt; with ratelimit 1.2.3.');
  });

  test('lets in its style by its hash, and nothing else', () => {
    expect(shown).toContain(`<style>${STYLE}</style>`);
    expect(STYLE).not.toMatch(/<|url\(|@import|@font-face/);
    const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(shown) ?? [];
    expect(read(policy)).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'$/,
    );
  });
});

describe('a drawing', () => {
  test('is rebuilt from what a drawing needs', () => {
    const svg = `<svg width="9" onload="x()" xmlns="http://www.w3.org/2000/svg"><rect x="1" onclick="x()" style="fill:red" fill="#abc"></rect>
<script>alert(1)</script><foreignObject><p>hi</p></foreignObject><a href="javascript:x()"><text xml:space="preserve">&lt;b&gt;</text></a>
<use href="#x"/><image href="http://evil.example/x.png"/><path d="M0 0L1 1" fill="url(http://evil.example/#x)" stroke="url(#zr0-g1)"/>
<g clip-path="url(#zr0-c0)"></g><defs ><clipPath id="zr0-c0"></clipPath></defs><style ><![CDATA[.a:hover { color: red }]]></style></svg>`;
    expect(cleanSvg(svg, 'c1').markup).toMatchInlineSnapshot(`
      "<rect x="1" fill="#abc"></rect>
      alert(1)hi<text>&lt;b&gt;</text>
      <path d="M0 0L1 1" stroke="url(#c1-0)"/>
      <g clip-path="url(#c1-1)"></g><defs><clipPath id="c1-1"></clipPath></defs>"
    `);
  });

  test.each(['<svg><rect x=1></rect></svg>', '<svg><!-- x --></svg>', '<svg><rect', '<svg>a<b</svg>'])(
    'that cannot be read for certain is refused: %s',
    (svg) => expect(() => cleanSvg(svg, 'c')).toThrow('no SVG'),
  );
});
