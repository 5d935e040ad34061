import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ConfigSource, parseConfigFile } from '../../src/config/read.ts';
import { ConfigError } from '../../src/errors.ts';
import { parseUsd } from '../../src/values/money.ts';
import { parseTarget } from '../../src/values/targets.ts';

const encode = (text: string) => new TextEncoder().encode(text);

function parse(yaml: string): ConfigSource {
  return parseConfigFile('/c.yaml', encode(yaml));
}

function problems(yaml: string | Uint8Array): readonly string[] {
  try {
    parseConfigFile('/c.yaml', typeof yaml === 'string' ? encode(yaml) : yaml);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const prod = (lines: string) => `contexts:\n  prod:\n${lines.replace(/^/gm, '    ')}\n`;

describe('a valid file', () => {
  test('all of it; a URL alone is short for a mapping with url', () => {
    const { content } = parse(
      `current-context: prod\n${prod(`production: true
runbook: aegis
redis: rediss://triage@redis.example:6380/0
prometheus:
  url: https://prom/prefix
  basic-auth: { username: me, password-file: pw }
  headers: { X-Scope-OrgID: team }
  tls: { ca-file: ca.pem, cert-file: c.pem, key-file: c.key }
api: { url: https://aegis.example/api, token-file: token }
timeout: 5s
thresholds: { heavy-ip-failures: 30, share: 0.6 }
never-block: [203.0.113.7, 198.51.100.0/24, "2001:DB8:0::/48", 203.0.113.7]
max-block-ttl: 1d12h
cap-ceiling: 500
journal-stream: ratelimit:journal`)}`,
    );
    expect(content).toEqual({
      'current-context': 'prod',
      contexts: {
        prod: {
          production: true,
          runbook: 'aegis',
          redis: { url: 'rediss://triage@redis.example:6380/0' },
          prometheus: {
            isList: false,
            entries: [
              {
                url: 'https://prom/prefix',
                'basic-auth': { username: 'me', 'password-file': 'pw' },
                headers: { 'X-Scope-OrgID': 'team' },
                tls: { 'ca-file': 'ca.pem', 'cert-file': 'c.pem', 'key-file': 'c.key' },
              },
            ],
          },
          api: { url: 'https://aegis.example/api', 'token-file': 'token' },
          timeout: '5s',
          thresholds: { 'heavy-ip-failures': 30, share: 0.6 },
          'never-block': ['203.0.113.7', '198.51.100.0/24', '2001:db8::/48'],
          'max-block-ttl': { text: '1d12h', seconds: 129_600 },
          'cap-ceiling': '500.00',
          'journal-stream': 'ratelimit:journal',
        },
      },
    });
  });

  test('at() gives the line of the key, or of the nearest one above that exists', () => {
    const source = parse(prod('# a comment\nredis:\n  url: redis://h\nprometheus: http://h'));
    expect(source.at(['contexts', 'prod', 'redis', 'url'])).toBe('/c.yaml:5: contexts.prod.redis.url');
    expect(source.at(['contexts', 'prod', 'redis', 'tls'])).toBe('/c.yaml:4: contexts.prod.redis.tls');
    expect(source.at(['contexts', 'prod', 'prometheus', 'url'])).toBe(
      '/c.yaml:6: contexts.prod.prometheus.url',
    );
  });

  test('a byte order mark and Windows line ends are fine', () => {
    expect(
      parse('\ufeffcontexts:\r\n  prod:\r\n    runbook: aegis\r\n').content.contexts?.prod?.runbook,
    ).toBe('aegis');
  });

  test('a name that objects inherit is a name like any other', () => {
    expect(Object.keys(parse('contexts:\n  constructor: {}\n').content.contexts ?? {})).toEqual([
      'constructor',
    ]);
  });
});

describe('limits of remedies', () => {
  const limit = (line: string) => parse(prod(line)).content.contexts?.prod;

  test.each([
    ['500.00', '500.00'],
    ['"500.00"', '500.00'],
    ['0.1', '0.10'],
    ['1e3', '1000.00'],
    ['"1234567.89"', '1234567.89'],
  ])('cap-ceiling: %s is %s', (written, canonical) => {
    expect(limit(`cap-ceiling: ${written}`)?.['cap-ceiling']).toBe(canonical);
  });

  test.each([
    ['1ms', 0.001],
    ['365d', 31_536_000],
    ['"1h30m"', 5400],
  ])('max-block-ttl: %s is %d seconds', (written, seconds) => {
    expect(limit(`max-block-ttl: ${written}`)?.['max-block-ttl']?.seconds).toBe(seconds);
  });

  test.each(['ratelimit:journal', 'a b', '日誌', '-', '🙂'.repeat(256)])('journal-stream: %s', (name) => {
    expect(limit(`journal-stream: ${JSON.stringify(name)}`)?.['journal-stream']).toBe(name);
  });

  test('an empty never-block is one', () => {
    expect(limit('never-block: []')?.['never-block']).toEqual([]);
  });
});

describe('several Prometheus', () => {
  const read = (yaml: string) => parse(prod(yaml)).content.contexts?.prod?.prometheus;

  test('a list of URLs and mappings, up to eight', () => {
    expect(read('prometheus: [http://a:9090, { url: "https://b", bearer-token-file: t }]')).toEqual({
      isList: true,
      entries: [{ url: 'http://a:9090' }, { url: 'https://b', 'bearer-token-file': 't' }],
    });
    const many = (count: number) =>
      prod(`prometheus: [${Array.from({ length: count }, (_, i) => `http://p${i}`).join(', ')}]`);
    expect(problems(many(8))).toEqual([]);
    expect(problems(many(9))).toEqual([
      '/c.yaml:3: contexts.prod.prometheus: expected at most 8 URLs, got a list',
    ]);
  });

  test('what is wrong with one is said of that one', () => {
    const yaml = `prometheus:
  - http://a:9090
  - url: ftp://b
    bearer-token-fil: t
  - 7
  - { url: http://c, headers: { Authorization: x }, bearer-token-file: t }`;
    expect(problems(prod(yaml))).toEqual([
      '/c.yaml:5: contexts.prod.prometheus.1.url: expected an http:// or https:// URL, got "ftp://b"',
      '/c.yaml:6: contexts.prod.prometheus.1.bearer-token-fil: unknown key, did you mean "bearer-token-file"? Valid: url, bearer-token-file, basic-auth, headers, tls',
      '/c.yaml:7: contexts.prod.prometheus.2: expected a URL, or a mapping with url, got 7',
      '/c.yaml:8: contexts.prod.prometheus.3: expected one kind of credentials, got bearer-token-file and the Authorization header',
    ]);
  });
});

describe('problems', () => {
  test('all of them at once, each with its line, key, what was expected and what was got', () => {
    const yaml = `current-contxt: prod
contexts:
  prod:
    production: yes
    redis:
      url: http://x
      pasword-file: pw
      username: 7
    prometheus: []
    timeout: 11m
    thresholds: { a: 0, b: high }
  "-x": {}
  empty:
`;
    expect(problems(yaml)).toEqual([
      '/c.yaml:1: current-contxt: unknown key, did you mean "current-context"? Valid: current-context, contexts, alerts',
      '/c.yaml:4: contexts.prod.production: expected true or false, got "yes"',
      '/c.yaml:6: contexts.prod.redis.url: expected a redis://, rediss://, unix:, sentinel:// or cluster:// URL, got "http://x"',
      '/c.yaml:7: contexts.prod.redis.pasword-file: unknown key, did you mean "password-file"? Valid: url, replica-url, sentinel, cluster, read, db, username, password-file, tls',
      '/c.yaml:8: contexts.prod.redis.username: expected a username, got 7',
      '/c.yaml:9: contexts.prod.prometheus: expected at least one URL, got a list',
      '/c.yaml:10: contexts.prod.timeout: expected a duration over 0 and up to 10m, like 5s, got "11m"',
      '/c.yaml:11: contexts.prod.thresholds.a: expected a number over 0, got 0',
      '/c.yaml:11: contexts.prod.thresholds.b: expected a number over 0, got "high"',
      '/c.yaml:12: contexts.-x: expected a name of letters, digits and . _ : / @ - (at most 128) as the key',
      '/c.yaml:13: contexts.empty: expected a mapping of settings, got nothing',
    ]);
  });

  test.each([
    ['timeout: 5', 'timeout: expected a duration like 5s, got 5'],
    ['timeout: 0s', 'timeout: expected a duration over 0 and up to 10m, like 5s, got "0s"'],
    ['thresholds: { a: .inf }', 'thresholds.a: expected a number over 0, got Infinity'],
    ['thresholds: { a: .nan }', 'thresholds.a: expected a number over 0, got NaN'],
    ['redis: { username: u }', 'redis: expected one of url, sentinel and cluster, got none'],
    [
      'redis: redis://h/1024',
      'redis.url: expected / and a database number of 0 to 1023 after the host, got "redis://h/1024"',
    ],
    ['redis: { url: "redis://h", tls: {} }', 'redis.tls: expected a rediss:// URL beside tls'],
    ['redis: { url: "redis://a@h", username: b }', 'redis.username: expected here or in the URL, got both'],
    [
      'redis: { url: "redis://:S3cr3t@h", password-file: f }',
      'redis.password-file: expected here or in the URL, got both',
    ],
    ['redis: { url: "rediss://h", tls: { cert-file: c } }', 'redis.tls: cert-file needs a key-file'],
    ['redis: { url: "rediss://h", tls: { key-file: c } }', 'redis.tls: key-file needs a cert-file'],
    ['api: { url: "http://h", tls: {} }', 'api.tls: expected an https:// URL beside tls'],
    [
      'api: { url: "http://u:S3cr3t@h", token-file: f }',
      'api: expected one kind of credentials, got the userinfo of the URL and token-file',
    ],
    [
      'prometheus: { url: "http://h", bearer-token-file: f, headers: { authorization: S3cr3t } }',
      'prometheus: expected one kind of credentials, got bearer-token-file and the Authorization header',
    ],
    [
      'prometheus: { url: "http://h", headers: { "a b": x } }',
      'prometheus.headers."a b": expected the name of an HTTP header as the key',
    ],
    [
      'prometheus: { url: "http://h", headers: { X-Scope-OrgID: 42 } }',
      'prometheus.headers.X-Scope-OrgID: expected text (a number needs quotes), got a number',
    ],
    [
      'prometheus: { url: "http://h", headers: { X-Key: "S3cr3t\\n" } }',
      'prometheus.headers.X-Key: expected visible ASCII characters, got something else (not shown)',
    ],
    [
      'prometheus: { url: "http://h", basic-auth: { username: "a:b", password-file: f } }',
      'prometheus.basic-auth.username: expected a username without ":" and control characters',
    ],
    [
      'redis: { url: "redis://h", password-file: [S3cr3t] }',
      'redis.password-file: expected the path of a file, got a list',
    ],
    [
      'redis: { url: "redis://h", password-file: 31337 }',
      'redis.password-file: expected the path of a file, got a number',
    ],
    [
      'redis: { url: "redis://h", password: S3cr3t }',
      'redis.password: unknown key, did you mean "password-file"? Valid: url, replica-url, sentinel, cluster, read, db, username, password-file, tls',
    ],
    [
      'api: "https://u:S3cr3t@h/?x=1"',
      'api.url: expected a URL without a query or fragment, got "https://u:[redacted]@h/?[redacted]"',
    ],
  ])('%s', (line, problem) => {
    expect(problems(prod(line))).toEqual([`/c.yaml:3: contexts.prod.${problem}`]);
  });

  const range = (value: string) => String(parseTarget(value));
  const amount = (value: string) => String(parseUsd(value));
  const ttl = 'expected a duration over 0 and up to 365d, like 7d';
  const stream = 'expected the name of a Redis stream of 1 to 256 printable characters';
  test.each([
    ['never-block: 10.0.0.0/8', 'never-block: expected a list of IP addresses and ranges, got "10.0.0.0/8"'],
    ['never-block: { a: b }', 'never-block: expected a list of IP addresses and ranges, got a mapping'],
    ['never-block:', 'never-block: expected a list of IP addresses and ranges, got nothing'],
    ['never-block: [10]', 'never-block.0: expected an IP address or a range such as 203.0.113.0/28, got 10'],
    [
      'never-block: [::1, true]',
      'never-block.1: expected an IP address or a range such as 203.0.113.0/28, got true',
    ],
    [
      'never-block: [[::1]]',
      'never-block.0: expected an IP address or a range such as 203.0.113.0/28, got a list',
    ],
    [
      'never-block: [::1, ~]',
      'never-block.1: expected an IP address or a range such as 203.0.113.0/28, got nothing',
    ],
    ['never-block: [nonsense]', `never-block.0: ${range('nonsense')}`],
    ['never-block: [""]', `never-block.0: ${range('')}`],
    ['never-block: [10.0.0.0/33]', `never-block.0: ${range('10.0.0.0/33')}`],
    ['max-block-ttl: 7', 'max-block-ttl: expected a duration like 7d, got 7'],
    ['max-block-ttl: 0', 'max-block-ttl: expected a duration like 7d, got 0'],
    ['max-block-ttl: 0s', `max-block-ttl: ${ttl}, got "0s"`],
    ['max-block-ttl: 366d', `max-block-ttl: ${ttl}, got "366d"`],
    ['max-block-ttl: 365d1s', `max-block-ttl: ${ttl}, got "365d1s"`],
    ['max-block-ttl: forever', `max-block-ttl: ${ttl}, got "forever"`],
    ['max-block-ttl: -1d', `max-block-ttl: ${ttl}, got "-1d"`],
    ['cap-ceiling: [1]', 'cap-ceiling: expected a USD amount such as 100.00, got a list'],
    ['cap-ceiling: true', 'cap-ceiling: expected a USD amount such as 100.00, got true'],
    ['cap-ceiling:', 'cap-ceiling: expected a USD amount such as 100.00, got nothing'],
    ['cap-ceiling: .inf', 'cap-ceiling: expected a USD amount such as 100.00, got Infinity'],
    ['cap-ceiling: .nan', 'cap-ceiling: expected a USD amount such as 100.00, got NaN'],
    ['cap-ceiling: much', `cap-ceiling: ${amount('much')}`],
    ['cap-ceiling: ""', `cap-ceiling: ${amount('')}`],
    ['cap-ceiling: -1', `cap-ceiling: ${amount('-1')}`],
    ['cap-ceiling: 1e300', `cap-ceiling: ${amount('1e+300')}`],
    ['journal-stream: 5', 'journal-stream: expected the name of a Redis stream, got 5'],
    ['journal-stream: ""', `journal-stream: ${stream}, got ""`],
    ['journal-stream: "a\\nb"', `journal-stream: ${stream}, got "a\\nb"`],
    ['journal-stream: "a\\u202eb"', `journal-stream: ${stream}, got "a\\u202eb"`],
    [`journal-stream: ${'é'.repeat(257)}`, `journal-stream: ${stream}, got "${'é'.repeat(78)}…`],
    [
      'never-blok: []',
      'never-blok: unknown key, did you mean "never-block"? Valid: production, runbook, redis, prometheus, alertmanager, api, logs, links, timeout, never-block, max-block-ttl, cap-ceiling, journal-stream, keep-looks, queries, limits, thresholds',
    ],
  ])('%s', (line, problem) => {
    expect(problems(prod(line))).toEqual([`/c.yaml:3: contexts.prod.${problem}`]);
  });

  test('a password that was pasted where it does not belong is not shown', () => {
    const url = 'redis://me:S3cr3t@h';
    const lines = [`never-block: ["${url}"]`, `cap-ceiling: ${url}`, `max-block-ttl: ${url}`];
    const said = problems(prod([...lines, `journal-stream: "${url}\\n"`].join('\n')));
    expect(said).toHaveLength(4);
    expect(said.join('\n')).not.toContain('S3cr3t');
  });

  test('of a long list: each with its own line, beside its length', () => {
    const list = Array.from({ length: 999 }, (_, i) => `- 10.0.${i >> 8}.${i & 255}`);
    const of = (items: readonly string[]) => problems(prod(['never-block:', ...items].join('\n')));
    expect(of([...list, '- ::1'])).toEqual([]);
    expect(of(['- nonsense', ...list, '- 5', '- ::1'])).toEqual([
      '/c.yaml:3: contexts.prod.never-block: expected at most 1000 addresses and ranges, got 1002',
      `/c.yaml:4: contexts.prod.never-block.0: ${range('nonsense')}`,
      '/c.yaml:1004: contexts.prod.never-block.1000: expected an IP address or a range such as 203.0.113.0/28, got 5',
    ]);
  });

  test('rules about several keys are checked beside wrong single keys', () => {
    const yaml = prod('redis:\n  url: redis://a@h\n  username: b\n  tls: 3\n  x: 1');
    expect(problems(yaml)).toEqual([
      '/c.yaml:5: contexts.prod.redis.username: expected here or in the URL, got both',
      '/c.yaml:6: contexts.prod.redis.tls: expected a mapping of ca-file, cert-file, key-file, got 3',
      '/c.yaml:6: contexts.prod.redis.tls: expected a rediss:// URL beside tls',
      '/c.yaml:7: contexts.prod.redis.x: unknown key, did you mean "db"? Valid: url, replica-url, sentinel, cluster, read, db, username, password-file, tls',
    ]);
  });

  const empty = '/c.yaml: expected a mapping with current-context and contexts, got an empty file';
  const notMapping = '/c.yaml:1: expected a mapping with current-context and contexts';
  const alias = 'expected no aliases (*name): write the value out, or quote it';
  const quotes = 'a text that begins with {, [, | or a quote needs quotes around all of it';
  const uneven = 'this line, or the next, is indented by another number of spaces than those around it';
  test.each([
    ['', [empty]],
    ['# only a comment\n', [empty]],
    ['---\n', [empty]],
    ['S3cr3t-token\n', [`${notMapping}, got text`]],
    ['- a\n', [`${notMapping}, got a list`]],
    ['contexts: {}\ncontexts: {}\n', ['/c.yaml:2: duplicate key "contexts", first on line 1']],
    ['contexts: *S3cr3t\n', [`/c.yaml:1: ${alias}`]],
    ['a: &a [x]\nb: &b [*a, *a]\n', [`/c.yaml:2: ${alias}`, `/c.yaml:2: ${alias}`]],
    ['a: !S3cr3t x\n', ['/c.yaml:1: expected valid YAML: expected no tags (!name)']],
    ['a: !!binary eA==\n', ['/c.yaml:1: expected no tags (!name)']],
    ['__proto__: {}\n', ['/c.yaml:1: the key "__proto__" is reserved']],
    [
      '? [S3cr3t]\n: 1\n',
      ['/c.yaml:1: expected valid YAML: expected a plain text as the key, got a list, a mapping or an alias'],
    ],
    [
      'contexts: {}\n---\ncontexts: {}\n',
      ['/c.yaml:2: expected valid YAML: expected one document, got a second one after ---'],
    ],
    ['contexts:\n\tprod: {}\n', ['/c.yaml:2: expected valid YAML: tabs cannot indent, use spaces']],
    [
      'contexts:\n  prod: "S3cr3t\n',
      ['/c.yaml:3: expected valid YAML: a quote, bracket, comma or colon is missing'],
    ],
    [
      'redis: a: S3cr3t\n',
      ['/c.yaml:1: expected valid YAML: two keys on one line, or a text with ": " that needs quotes'],
    ],
    ['password: "a" S3cr3t\n', [`/c.yaml:1: expected valid YAML: ${quotes}`]],
    ['a: |S3cr3t\n', [`/c.yaml:1: expected valid YAML: ${quotes}`]],
    ['say: {total} errors\n', [`/c.yaml:1: expected valid YAML: ${quotes}`]],
    [
      'x:\n  - { id: a, text: Revoke: it }\n',
      ['/c.yaml:2: expected valid YAML: a text with ": " needs quotes within braces, or a comma is missing'],
    ],
    // One line out of step, however many errors follow from it.
    ['x:\n  - id: a\n    b: c\n   d: e\n    f: g\n    h: i\n', [`/c.yaml:4: expected valid YAML: ${uneven}`]],
    ['x:\n  - id: a\n - id: b\n   f: g\n', [`/c.yaml:3: expected valid YAML: ${uneven}`]],
    ['  a: b\nc: d\ne: f\n', [`/c.yaml:2: expected valid YAML: ${uneven}`]],
    ['a:\n\tb: 1\n  c: 2\n  d: 3\n', ['/c.yaml:2: expected valid YAML: tabs cannot indent, use spaces']],
  ])('%j', (yaml, expected) => {
    expect(problems(yaml)).toEqual(expected);
  });

  test.each([
    ['lists in lists', '['.repeat(500)],
    ['dashes', '- '.repeat(20_000)],
    ['question marks', '? '.repeat(3000)],
    ['mappings', '{a: '.repeat(5000)],
    ['indentation', Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
  ])('nesting without end: %s', (_name, yaml) => {
    expect(problems(yaml)).toEqual(['/c.yaml: expected at most 32 levels of nesting, got more']);
  });

  test('bytes that are not UTF-8', () => {
    expect(problems(new Uint8Array([0x61, 0x3a, 0x20, 0xff]))).toEqual([
      '/c.yaml: expected UTF-8 text, got other bytes',
    ]);
    expect(problems(new Uint8Array([0xff, 0xfe, 0x61, 0x00]))).toEqual([
      '/c.yaml: expected UTF-8 text, got other bytes',
    ]);
  });

  test('a syntax error that repeats is shown five times', () => {
    expect(problems('a: !x y\n'.repeat(100))).toHaveLength(5);
  });

  test('many duplicate and unknown keys take time for each, not for each pair', () => {
    /** Of the processor: what else the machine does takes none of it. */
    const cost = (count: number) => {
      const keys = Array.from({ length: count }, (_, i) => `k${i}: 1`).join('\n');
      const start = process.cpuUsage();
      expect(problems(keys)).toHaveLength(count);
      expect(problems(`${keys}\n${keys}`)).toHaveLength(count);
      const { user, system } = process.cpuUsage(start);
      return user + system;
    };
    cost(250);
    // Eight times as many take about eight times as long; for each pair it were 64 times.
    const few = cost(500);
    expect(cost(4_000) / few).toBeLessThan(30);
  });
});

describe('any file', () => {
  const SECRET = 'S3cr3t';

  test('random bytes and random YAML give a configuration or a ConfigError', () => {
    const fragment = fc.constantFrom(
      ...[
        'contexts',
        'prod',
        'redis',
        'url',
        'tls',
        ': ',
        ':\n',
        '\n',
        '  ',
        '    ',
        '- ',
        '[',
        ']',
        '{',
        '}',
        ', ',
      ],
      ...[
        '"',
        "'",
        '*a',
        '&a ',
        '!t ',
        '|',
        '>',
        '#',
        '---\n',
        '? ',
        'redis://u:p@h',
        '%',
        '\u0000',
        '5s',
        '<<',
        '\t',
      ],
    );
    const yaml = fc.array(fragment, { maxLength: 40 }).map((parts) => encode(parts.join('')));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), yaml), (bytes) => {
        for (const problem of problems(bytes)) expect(problem).toMatch(/^\/c\.yaml(:\d+)?: ./);
      }),
      { numRuns: 1000 },
    );
  });

  test('any value anywhere gives a configuration or a ConfigError, and a password in it never shows', () => {
    const url = fc
      .tuple(
        fc.constantFrom('redis', 'http', 'x'),
        fc.constantFrom('', '/', '@', '#', '?', ' ', '%'),
        fc.string({ maxLength: 4 }),
      )
      .map(([scheme, special, noise]) => `${scheme}://u:${SECRET}${special}${noise}@h`);
    const leaf = fc.oneof(
      url,
      fc.integer(),
      fc.constant(null),
      fc.boolean(),
      // A list of texts may be a list of URLs, and those are shown.
      fc.constant([[SECRET]]),
      fc.constant({ [`${SECRET}:x@y`]: 1 }),
    );
    const keys = [
      'redis',
      'prometheus',
      'api',
      'timeout',
      'runbook',
      'thresholds',
      'url',
      'tls',
      'headers',
      'username',
      'max-block-ttl',
      'cap-ceiling',
      'journal-stream',
    ];
    const node = (depth: number): fc.Arbitrary<unknown> =>
      depth === 0
        ? leaf
        : fc.oneof(leaf, fc.dictionary(fc.constantFrom(...keys), node(depth - 1), { maxKeys: 4 }));
    fc.assert(
      fc.property(node(3), node(1), (prodContext, current) => {
        // JSON is YAML.
        const yaml = JSON.stringify({ contexts: { prod: prodContext }, 'current-context': current });
        const shown = problems(yaml).join('\n').replaceAll(`"${SECRET}:[redacted]@y"`, '');
        expect(shown).not.toContain(SECRET);
      }),
      { numRuns: 500 },
    );
  });
});
