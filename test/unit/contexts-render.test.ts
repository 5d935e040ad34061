import { describe, expect, test } from 'vitest';
import { RatelimitError, unexpected } from '../../src/errors.ts';
import { stillReading, summariseAll } from '../../src/output/contexts-document.ts';
import { contextsText } from '../../src/output/contexts-text.ts';
import { contextsHtml } from '../../src/output/html/contexts.ts';
import { makePaint } from '../../src/output/paint.ts';
import { failedRun, judgedRun, overAll } from '../support/contexts.ts';
import { counters, crowd, rejects, unknown } from '../support/evidence.ts';

const attack = { 'auth-failures-by-ip': counters({ '203.0.113.42': 4812 }) };
const burst = { 'rejects-by-tenant': rejects({ acme: { '/agents': 12, '/policies': 6, '/execute': 4 } }) };
const unread = { 'auth-failures-by-ip': unknown('timeout', 'redis: no answer before the deadline') };
const dead = failedRun('dead', unexpected(new Error('bo\u001b[2Jom')));
const plain = { paint: makePaint(false), width: 80 };

describe('the line over all', () => {
  const line = (...runs: Parameters<typeof overAll>) => summariseAll(overAll(...runs));

  test('names those of one verdict together, worst first, and what they share', () => {
    const runs = [
      judgedRun('sa', {}),
      judgedRun('us', attack),
      dead,
      judgedRun('eu', { ...attack, ...burst }),
    ];
    expect(line(...runs)).toBe(
      '4 contexts: us and eu P2 single-ip-credential-stuffing (high); the same IP in us and eu: 203.0.113.42; ' +
        'eu also tenant-over-rps-cap; dead could not be triaged; sa quiet (high)',
    );
  });

  test('says what of a verdict could not be read', () => {
    const blind = Object.fromEntries(
      Object.keys(judgedRun('x', {}).document?.evidence.signals ?? {}).map((id) => [
        id,
        unknown('unreachable', 'connection refused'),
      ]),
    );
    const locked = { 'auth-failures-by-ip': unknown('auth', 'the password is not accepted') };
    const odd = { ...unread, 'rejects-by-tenant': rejects({ acme: { '/agents': 0.1 } }) };
    expect(line(judgedRun('a', { ...attack, blocks: unknown('timeout', 'late') }))).toBe(
      '1 context: a P2 single-ip-credential-stuffing (medium, not all of it could be read)',
    );
    expect(line(judgedRun('a', blind), judgedRun('b', locked), judgedRun('c', odd))).toBe(
      '3 contexts: a inconclusive (could not be read); b inconclusive (access was refused); ' +
        'c inconclusive (not all of it could be read)',
    );
  });

  test('stays short when there are many', () => {
    const many = (prefix: string, readings: Parameters<typeof judgedRun>[1]) =>
      Array.from({ length: 12 }, (_, index) => judgedRun(`${prefix}${index}`, readings));
    expect(line(...many('q', {}))).toBe('12 contexts: q0, q1, q2, q3 and 8 more quiet (high)');
    const heads = { 'auth-failures-by-ip': counters(crowd(9, 4000)) };
    expect(line(judgedRun('a', heads), judgedRun('b', heads))).toMatch(
      /; the same IPs in a and b: 192\.0\.2\.\d+, 192\.0\.2\.\d+, 192\.0\.2\.\d+ and 6 more$/,
    );
  });

  test('of what is under way names how many are left', () => {
    expect(stillReading(['eu', 'us'], 3)).toBe('still reading 2 of 3 contexts: eu and us');
  });
});

describe('for people', () => {
  const shown = (isTerminal: boolean, screen = plain, ...runs: Parameters<typeof overAll>) =>
    contextsText(overAll(...runs), 'human', screen, isTerminal);

  test('a context that could not be triaged is told in its place, and nothing in it acts on the terminal', () => {
    const text = shown(false, plain, dead, judgedRun('eu', attack));
    const [head = '', eu = '', failed = ''] = text.split(/^=== \w+ =+$/m);
    expect(head).toBe(
      '2 contexts: eu P2 single-ip-credential-stuffing (high); dead could not be triaged\n\n',
    );
    expect(eu).toContain('ratelimit block-ip 203.0.113.42');
    expect(failed).toMatchInlineSnapshot(`
      "

        ! could not be triaged: unexpected: bo\\x1b[2Jom
          This is a defect of ratelimit itself. Run again with --verbose and report
          what it prints.

      ================================================================================

      Each command above names its context; with several there is no menu.

      2 contexts: eu P2 single-ip-credential-stuffing (high); dead could not be triaged
      2 contexts, 2026-05-29 03:12:04 UTC, 300 ms
      "
    `);
  });

  test('without a command nothing is said about commands', () => {
    expect(shown(false, plain, judgedRun('eu', {}), judgedRun('us', {}))).not.toContain('command');
  });

  test('a terminal gets the line wrapped, and painted once', () => {
    const runs = [judgedRun('eu', attack), judgedRun('us', attack), judgedRun('sa', {}), dead];
    for (const width of [40, 80, 120]) {
      const lines = shown(true, { ...plain, width }, ...runs).split('\n');
      const over = lines.slice(0, lines.indexOf(''));
      expect(over.every((line) => line.length <= width)).toBe(true);
      expect(over.map((line) => line.trim()).join(' ')).toBe(summariseAll(overAll(...runs)));
    }
    const coloured = shown(true, { paint: makePaint(true), width: 80 }, ...runs);
    expect(coloured.startsWith('\u001b[31m4 contexts\u001b[39m: eu and us P2')).toBe(true);
    expect(coloured.match(/4 contexts/g)).toHaveLength(3);
  });
});

test('as a page each context has its place, worst first, and headings go down one by one', () => {
  const refused = new RatelimitError('auth', 'no <b>entry</b> \u001b[2J', {
    exitCode: 4,
    hint: 'Look <i>there</i>.',
  });
  const all = overAll(judgedRun('sa', {}), judgedRun('eu', attack), failedRun('a_b', refused));
  const text = contextsHtml(all, { version: '0', operator: 'ada' });
  const headings = [...text.matchAll(/<h(\d)>(.*?)<\/h\d>/g)];
  expect(headings.flatMap(([, level, title = '']) => (Number(level) < 3 ? title : []))).toEqual([
    'single-ip-credential-stuffing',
    ...['Context eu', 'Context a_b', 'Context sa'],
  ]);
  const levels = headings.map(([, level]) => Number(level));
  expect(levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1)).toEqual([]);
  expect(text).toContain(
    '<p class="lead">no &lt;b&gt;entry&lt;/b&gt; \\x1b[2J</p>\n<p>Look &lt;i&gt;there&lt;/i&gt;.</p>',
  );
  expect(text).toContain('3 contexts: eu P2 single-ip-credential-stuffing (high); a_b could not be triaged');
});

test('as Markdown and JSON, too, each failure has its place', () => {
  const refused = new RatelimitError('auth', 'no <!channel> *entry*', { exitCode: 4 });
  const all = overAll(failedRun('a_b', refused), judgedRun('eu', {}));
  const markdown = contextsText(all, 'markdown', plain, false);
  expect(markdown).toContain('## a\\_b\n\n**could not be triaged**: no &lt;\\!channel&gt; \\*entry\\*\n');
  const document = JSON.parse(contextsText(all, 'json', plain, false)) as Record<string, unknown[]>;
  expect(document.contexts?.[0]).toEqual({
    ...{ context: 'a_b', exitCode: 4, triage: null },
    error: {
      schema: 'ratelimit/error/v1',
      ...{ code: 'auth', exitCode: 4, message: 'no <!channel> *entry*', hint: '' },
    },
  });
  expect(document).toMatchObject({ degraded: true, verdict: { category: 'inconclusive', severity: null } });
});
