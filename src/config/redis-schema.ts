import { z } from 'zod';
import { quote } from '../values/text.ts';
import { expected, MAX_DB, parseAddress } from './authority.ts';
import { addressOf } from './display.ts';
import { parseRedisUrl } from './endpoints.ts';
import { type Fields, file, line, mapping, parsed, sentence, text, tls, withRule } from './schema-parts.ts';
import { isPrimaryName, MOST_NODES, REDIS_PORT, SENTINEL_PORT } from './topology-url.ts';
import type { RedisTarget } from './types.ts';

const redisUrl = text('a redis://, rediss://, unix:, sentinel:// or cluster:// URL', (value) =>
  sentence(parseRedisUrl(value)),
);

const TWICE = 'expected here or in the URL, got both';

/** A node that was given as `host[:port]`. */
const node = (defaultPort: number) =>
  parsed(z.string('a host, or host:port'), (at) => {
    const place = parseAddress(at, defaultPort);
    return typeof place === 'string' ? expected(place, at) : place;
  });

/** Each once. */
const nodes = (defaultPort: number, what: string) =>
  z
    .array(node(defaultPort), what)
    .min(1, what)
    .max(MOST_NODES, `at most ${MOST_NODES} of them`)
    .transform((list) => [...new Map(list.map((at) => [addressOf(at), at])).values()]);

const sentinel = mapping(
  {
    name: text('the name of the primary', (value) =>
      isPrimaryName(value)
        ? null
        : `expected the name of the primary, of letters, digits and . _ -, got ${quote(value)}`,
    ),
    nodes: nodes(SENTINEL_PORT, 'a list of sentinels as host:port'),
    username: line('a username').optional(),
    'password-file': file.optional(),
  },
  'a mapping of name, nodes',
);

const MAX_DB_TEXT = `a database number of 0 to ${MAX_DB}`;

export const redis = withRule(
  mapping(
    {
      url: redisUrl.optional(),
      'replica-url': redisUrl.optional(),
      sentinel: sentinel.optional(),
      cluster: nodes(REDIS_PORT, 'a list of nodes as host:port').optional(),
      read: z.enum(['primary', 'replica'], 'primary or replica').optional(),
      db: z.int(MAX_DB_TEXT).min(0, MAX_DB_TEXT).max(MAX_DB, MAX_DB_TEXT).optional(),
      username: line('a username').optional(),
      'password-file': file.optional(),
      tls: tls.optional(),
    },
    'a URL, or a mapping with url, sentinel or cluster',
  ),
  redisRule,
);

/** Rules of a Redis: it is found in one way, and nothing is said twice or without a use. */
function redisRule(fields: Fields, problem: (message: string, key?: string) => void): void {
  const ways = ['url', 'sentinel', 'cluster'].filter((key) => fields[key] !== undefined);
  if (ways.length !== 1) {
    problem(
      `expected one of url, sentinel and cluster, got ${ways.length === 0 ? 'none' : ways.join(' and ')}`,
    );
  }
  const parsedUrl = typeof fields.url === 'string' ? parseRedisUrl(fields.url) : '';
  const url = typeof parsedUrl === 'string' ? null : parsedUrl;
  if (fields.db !== undefined && fields.sentinel === undefined) {
    problem(
      fields.cluster === undefined ? 'expected at the end of the URL' : 'a cluster has one database',
      'db',
    );
  }
  const hasReader = fields['replica-url'] !== undefined;
  if (url === null) {
    if (hasReader && ways[0] !== 'url')
      problem('expected beside url alone: the others know their replicas', 'replica-url');
    return;
  }
  if (url.username !== null && fields.username !== undefined) problem(TWICE, 'username');
  if (url.password !== null && fields['password-file'] !== undefined) problem(TWICE, 'password-file');
  const { kind } = url.topology;
  const secured = kind === 'server' ? 'rediss://' : `${kind}+tls://`;
  if (fields.tls !== undefined && url.tls === null) problem(`expected a ${secured} URL beside tls`, 'tls');
  if (kind !== 'server') {
    if (hasReader)
      problem('expected beside a redis:// URL alone: the others know their replicas', 'replica-url');
    if (url.read === 'replica' && fields.read !== undefined) problem(TWICE, 'read');
    return;
  }
  if (fields.read === 'replica' && !hasReader)
    problem('expected replica-url beside it, where replicas answer', 'read');
  const reader =
    hasReader && typeof fields['replica-url'] === 'string' ? parseRedisUrl(fields['replica-url']) : '';
  if (typeof reader !== 'string') {
    const wrong = readerTrouble(reader, url);
    if (wrong !== null) problem(wrong, 'replica-url');
  }
}

/** The reader is reached as the primary is, but for its address. */
function readerTrouble(reader: RedisTarget, url: RedisTarget): string | null {
  if (reader.topology.kind !== 'server' || reader.path !== null)
    return 'expected a redis:// or rediss:// URL';
  if ((reader.tls === null) !== (url.tls === null))
    return 'expected TLS in both of url and replica-url, or in none';
  const isBare = reader.username === null && reader.password === null && reader.db === 0;
  return isBare ? null : 'expected a host and a port alone: the user and the database are those of url';
}
