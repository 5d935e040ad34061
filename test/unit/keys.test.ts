import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entityOf, globFor, keyOf, parseTemplate, toId } from '../../src/signals/redis/keys.ts';

const NOW = '2026-05-29T03:12:04.000Z';
const PLAIN = parseTemplate('acp:auth_fail:{ip}', NOW);
const DATED = parseTemplate('acp:agent_cost_today:{agent}:{yyyymmdd}', NOW);
const latin1 = fc
  .array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 })
  .map((codes) => String.fromCharCode(...codes));

describe('the entity of a key', () => {
  test.each([
    ['acp:auth_fail:203.0.113.42', '203.0.113.42'],
    ['acp:auth_fail:2001:db8::1', '2001:db8::1'],
    ['acp:auth_fail:', ''],
    ['acp:auth_failures:203.0.113.42', null],
    ['xacp:auth_fail:203.0.113.42', null],
    ['acp:auth_fail', null],
  ])('of %j is %j', (key, entity) => {
    expect(entityOf(key, PLAIN)).toBe(entity);
  });

  test.each([
    ['acp:agent_cost_today:a1:20260529', 'a1'],
    ['acp:agent_cost_today:a:b:20260529', 'a:b'],
    ['acp:agent_cost_today::20260529', ''],
    ['acp:agent_cost_today:a1:20260528', null],
    ['acp:agent_cost_today:20260529', null],
    ['acp:agent_cost_today:a1', null],
  ])('of the dated %j is %j', (key, entity) => {
    expect(entityOf(key, DATED)).toBe(entity);
  });

  test.each([
    ['acp:inference_cost:agent:{agent}:{yyyy-mm}', 'acp:inference_cost:agent:a1:2026-05'],
    ['acp:inference_cost:agent:{agent}:{yyyy-mm-dd}', 'acp:inference_cost:agent:a1:2026-05-29'],
  ])('of %j is its own month or day', (template, key) => {
    const parsed = parseTemplate(template, NOW);
    expect(keyOf('a1', parsed).toString()).toBe(key);
    expect(entityOf(key, parsed)).toBe('a1');
    for (const other of ['2026-04', '2026-05', '2026-05-28', '2026-05-29', '2026-05-299', '']) {
      const its = `acp:inference_cost:agent:a1:${other}`;
      if (its !== key) expect(entityOf(its, parsed)).toBe(null);
    }
  });

  test('of two names is both of them', () => {
    const quarantine = parseTemplate('acp:quarantine:{tenant}:{agent}', NOW);
    expect(entityOf('acp:quarantine:acme:agent-7', quarantine)).toBe('acme:agent-7');
  });

  test.each([PLAIN, DATED])('comes back from its key, whatever its bytes ($label)', (template) => {
    fc.assert(
      fc.property(latin1, (entity) => {
        const key = keyOf(entity, template).toString('latin1');
        expect(entityOf(key, template)).toBe(entity);
      }),
    );
  });

  test('is its exact text, or hexadecimal when it is not UTF-8', () => {
    expect(toId('\xff\xfe')).toEqual({ hex: 'fffe' });
    expect(toId('\xc3\xa9')).toBe('é');
    expect(toId('\xef\xbb\xbfx')).toBe('\ufeffx');
    fc.assert(
      fc.property(latin1, (entity) => {
        const id = toId(entity);
        const bytes = typeof id === 'string' ? Buffer.from(id, 'utf8') : Buffer.from(id.hex, 'hex');
        expect(bytes.toString('latin1')).toBe(entity);
      }),
    );
  });
});

/** Redis's own matching (util.c, stringmatchlen) of `*`, `?`, `[...]` and `\`, short and slow. */
function matches(pattern: string, text: string): boolean {
  const [head = '', next = ''] = pattern;
  if (head === '') return text === '';
  if (head === '*')
    return matches(pattern.slice(1), text) || (text !== '' && matches(pattern, text.slice(1)));
  if (text === '') return false;
  if (head === '?') return matches(pattern.slice(1), text.slice(1));
  if (head === '[') {
    const end = pattern.indexOf(']', 1);
    const set = pattern.slice(1, end < 0 ? undefined : end);
    const inside = set.startsWith('^') ? !set.slice(1).includes(text[0] ?? '') : set.includes(text[0] ?? '');
    return inside && matches(pattern.slice(end < 0 ? pattern.length : end + 1), text.slice(1));
  }
  const literal = head === '\\' && next !== '' ? next : head;
  return (
    literal === text[0] && matches(pattern.slice(literal === head && head !== '\\' ? 1 : 2), text.slice(1))
  );
}

describe('the pattern of a scan', () => {
  const part = fc.oneof(latin1, fc.constantFrom('*', '?', '[a]', '[^b]', '\\', ']', 'acp:', '\\*'));
  const prefix = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''));

  test('is the common start of all prefixes', () => {
    expect(globFor(['acp:auth_fail:', 'acp:agent_cost_cap:', 'acp:']).toString()).toBe('acp:*');
    expect(globFor(['acp:auth_fail:']).toString()).toBe('acp:auth_fail:*');
    expect(globFor(['a:', 'b:']).toString()).toBe('*');
    expect(globFor([]).toString()).toBe('*');
    expect(globFor(['x[1]*?\\^']).toString()).toBe(String.raw`x\[1\]\*\?\\\^*`);
  });

  test('covers every key of every prefix', () => {
    fc.assert(
      fc.property(fc.array(prefix, { minLength: 1, maxLength: 4 }), latin1, (prefixes, rest) => {
        const pattern = globFor(prefixes).toString('latin1');
        for (const start of prefixes) expect(matches(pattern, start + rest)).toBe(true);
      }),
    );
  });

  test('is literal: a key that does not start so does not match', () => {
    fc.assert(
      fc.property(prefix, latin1, (start, key) => {
        expect(matches(globFor([start]).toString('latin1'), key)).toBe(key.startsWith(start));
      }),
    );
    expect(matches(globFor(['a*b']).toString(), 'axxb')).toBe(false);
    expect(matches(globFor(['a[bc]']).toString(), 'ab')).toBe(false);
  });
});
