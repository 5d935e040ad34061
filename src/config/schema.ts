import { z } from 'zod';
import { formatUsd, parseUsd } from '../values/money.ts';
import { parseTarget } from '../values/targets.ts';
import { quote } from '../values/text.ts';
import { alerts, unknownContexts } from './alerts-schema.ts';
import { parseMaxBlockTtl, parseTimeout } from './durations.ts';
import { http, httpRule, httpUrl, orUrl } from './http-schema.ts';
import { limits } from './limits-schema.ts';
import { linkBases } from './links-schema.ts';
import { logs } from './logs-schema.ts';
import { redis } from './redis-schema.ts';
import { contextName, file, line, mapping, parsed, sentence, text, tls, withRule } from './schema-parts.ts';

const api = withRule(
  mapping(
    { url: httpUrl, 'token-file': file.optional(), tls: tls.optional() },
    'a URL, or a mapping with url',
  ),
  httpRule,
);

const MAX_NEVER_BLOCK = 1000;

/** Addresses and ranges in their canonical form, each once. */
const neverBlock = z
  .array(
    parsed(z.string('an IP address or a range such as 203.0.113.0/28'), parseTarget),
    'a list of IP addresses and ranges',
  )
  .superRefine(
    (list, context) => {
      if (!Array.isArray(list) || list.length <= MAX_NEVER_BLOCK) return;
      const message = `expected at most ${MAX_NEVER_BLOCK} addresses and ranges, got ${list.length}`;
      context.addIssue({ code: 'custom', message });
    },
    { when: () => true },
  )
  .transform((list) => [...new Set(list.map((target) => target.text))]);

/** Seconds, and the text for those who are shown it. */
const maxBlockTtl = parsed(z.string('a duration like 7d'), (text) => {
  const seconds = parseMaxBlockTtl(text);
  return typeof seconds === 'string' ? seconds : { text, seconds };
});

/** USD as canonical text: a float would not be what was written. */
const capCeiling = parsed(z.union([z.number(), z.string()], 'a USD amount such as 100.00'), (amount) =>
  parseUsd(String(amount)),
).transform(formatUsd);

const streamName = text('the name of a Redis stream', (value) =>
  /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,256}$/u.test(value)
    ? null
    : `expected the name of a Redis stream of 1 to 256 printable characters, got ${quote(value)}`,
);

const MAX_PROMETHEUS = 8;

const onePrometheus = orUrl(http);
const somePrometheus = z
  .array(onePrometheus)
  .min(1, 'at least one URL')
  .max(MAX_PROMETHEUS, `at most ${MAX_PROMETHEUS} URLs`);

/** One connection or a list of them. Each is read by its own schema: a union would only say that neither fits. */
const prometheuses = z.unknown().transform((value, context) => {
  const isList = Array.isArray(value);
  const result = isList ? somePrometheus.safeParse(value) : onePrometheus.safeParse(value);
  if (result.success) return { entries: [result.data].flat(), isList };
  // They are complete already, and get the path to here before their own.
  context.issues.push(...(result.error.issues as unknown as typeof context.issues));
  return z.NEVER;
});

const context = mapping(
  {
    production: z.boolean('true or false').optional(),
    runbook: line('the name or path of a runbook').optional(),
    redis: orUrl(redis).optional(),
    prometheus: prometheuses.optional(),
    alertmanager: orUrl(http).optional(),
    api: orUrl(api).optional(),
    logs: orUrl(logs).optional(),
    links: linkBases.optional(),
    timeout: text('a duration like 5s', (value) => sentence(parseTimeout(value))).optional(),
    'never-block': neverBlock.optional(),
    'max-block-ttl': maxBlockTtl.optional(),
    'cap-ceiling': capCeiling.optional(),
    'journal-stream': streamName.optional(),
    'keep-looks': z.boolean('true or false').optional(),
    queries: z
      .record(
        z.string(),
        text('a PromQL query', (value) =>
          value.trim() === '' || value.length > 4_000
            ? 'expected a PromQL query of 1 to 4,000 characters'
            : null,
        ),
        'a mapping of names to PromQL queries',
      )
      .optional(),
    limits: limits.optional(),
    thresholds: z
      .record(
        z.string(),
        z.number('a number over 0').positive('a number over 0'),
        'a mapping of names to numbers',
      )
      .optional(),
  },
  'a mapping of settings',
);

/** The configuration file: strict, so that a key that does nothing is an error and not a surprise. */
export const configFile = withRule(
  mapping(
    {
      'current-context': z.string('the name of a context').optional(),
      contexts: z.record(contextName, context, 'a mapping of names to contexts').optional(),
      alerts: alerts.optional(),
    },
    'a mapping with current-context and contexts',
  ),
  unknownContexts,
);

export type ConfigFile = z.infer<typeof configFile>;
export type ContextEntry = z.infer<typeof context>;
export type RedisEntry = z.infer<typeof redis>;
export type HttpEntry = z.infer<typeof http>;
export type PrometheusEntries = z.infer<typeof prometheuses>;
export type AlertRule = z.infer<typeof alerts>[number];
export type ApiEntry = z.infer<typeof api>;
export type TlsEntry = z.infer<typeof tls>;
