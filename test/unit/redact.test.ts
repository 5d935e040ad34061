import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { captureText } from '../../src/commands/capture-text.ts';
import { Secret } from '../../src/config/types.ts';
import { redact } from '../../src/evidence/redact.ts';
import type { Id, Reading } from '../../src/evidence/types.ts';
import { selector } from '../../src/runbooks/sources.ts';
import { judge } from '../../src/verdict/judge.ts';
import { anyReadings } from '../support/arbitrary-evidence.ts';
import { configOf, httpTarget } from '../support/collecting.ts';
import {
  aegis,
  agents,
  blocks,
  counters,
  evidence,
  rejects,
  services,
  unknown,
} from '../support/evidence.ts';

const HOSTS = ['redis://cache.internal:6379', 'prom.internal:9090'];
const redacted = (readings: Readonly<Record<string, Reading>>) =>
  redact({ ...evidence(readings), reach: ['--context', 'prod'] }, aegis, HOSTS);

/** What a verdict says, but for the names. */
const shape = (readings: Readonly<Record<string, Reading>>, hide: boolean) => {
  const facts = hide ? redacted(readings) : evidence(readings);
  const { category, confidence, findings, unexplained } = judge(facts, aegis);
  return {
    ...{ category, confidence, unexplained: unexplained.map(({ code }) => code) },
    findings: findings.map((finding) => ({
      ...{ category: finding.category, confidence: finding.confidence },
      subjects: finding.subjects.map(({ kind, value }) => [kind, value]),
      caveats: finding.caveats.map(({ code }) => code),
      responses: finding.responses.map(({ id, except }) => [id, except.length]),
    })),
  };
};

const NETWORK = Array.from({ length: 60 }, (_, index): [Id, number] => [`2001:db8:5:9::${index + 1}`, 15]);

describe('redacted evidence', () => {
  test.each<[string, Record<string, Reading>, string]>([
    ['one network stays one', { 'auth-failures-by-ip': counters(NETWORK) }, 'one-network'],
    [
      'a peer stays the same address, however it is written',
      {
        'auth-failures-by-ip': counters({ '198.51.100.10': 900 }),
        'auth-peers': counters({ '::ffff:198.51.100.10': 900 }),
      },
      'proxy-aggregate',
    ],
    [
      'an agent stays the one in quarantine',
      {
        'agent-spend': agents({ 'agent-7': [150, '100.00'] }),
        quarantines: blocks({ 'acme:agent-7': [60, 'wild'] }),
      },
      'quarantined',
    ],
  ])('%s', (_, readings, caveat) => {
    expect(shape(readings, false).findings[0]?.caveats).toContain(caveat);
    expect(shape(readings, true)).toEqual(shape(readings, false));
  });

  test('many networks stay many', () => {
    const many = Array.from({ length: 60 }, (_, index): [Id, number] => [`2001:db8:${index}::1`, 15]);
    expect(shape({ 'auth-failures-by-ip': counters(many) }, true).findings[0]?.caveats).toEqual([]);
  });

  test('is judged to the same verdict', () => {
    fc.assert(
      fc.property(anyReadings, (readings) => {
        expect(shape(readings, true)).toEqual(shape(readings, false));
      }),
    );
  });

  test('holds none of the names, wherever they occur', () => {
    const text = JSON.stringify(
      redacted({
        'auth-failures-by-ip': {
          ...counters({ '203.0.113.42': 900, 'evil\u001b[2J': 30, '2001:db8:42::7': 20, '10.1.2.3': 40 }),
          warnings: ['203.0.113.42 was seen by redis://cache.internal:6379, not by 198.51.100.200'],
        },
        'rejects-by-tenant': rejects({ acme: { '/execute': 3, '/tenants/acme/x': 1 } }),
        'agent-spend': agents({ 'agent-7': [9, 'a secret text'] }),
        blocks: blocks({ '203.0.113.42': [60, 'told by Jane'] }),
        'service-up': services({ 'db-7.corp.example:5432': 0 }),
        inflight: unknown(
          'refused',
          'prometheus prom.internal:9090: https://prom.internal/x?token=abc says no',
        ),
      }),
    );
    for (const name of [
      ...['203.0.113.42', '2001:db8:42::7', '10.1.2.3', '198.51.100.200', 'evil', 'acme', 'agent-7'],
      ...['Jane', 'a secret text', 'corp.example', 'cache.internal', 'prom.internal', 'token=abc', 'prod'],
    ]) {
      expect(text, name).not.toContain(name);
    }
    // What the runbook's conditions ask for stays.
    expect(text).toContain('"/execute":3');
  });

  test('has the same stand-in for a name wherever it occurs, and another one for every other name', () => {
    const facts = redacted({
      'auth-failures-by-ip': counters({ '203.0.113.42': 900, '203.0.113.43': 30 }),
      blocks: blocks({ '203.0.113.43': [60, 'x'] }),
    });
    const ids = (signal: string): Id[] => facts.signals[signal]?.rows.map(({ id }) => id) ?? [];
    const [first, second] = ids('auth-failures-by-ip');
    expect(first).not.toEqual(second);
    expect(ids('blocks')).toEqual([second]);
  });

  test('keeps what a service is named by, and nothing of the rest of its name', () => {
    const facts = redacted({ 'service-up': services({ 'identity-2.corp.example:8000': 0 }) });
    expect(facts.signals['service-up']?.rows[0]?.id).toBe('identity-1');
  });

  test('leaves the names of metrics and keys alone in messages', () => {
    const facts = redacted({
      'rejects-by-tenant': {
        ...rejects({ gateway: { '/x': 2 } }),
        warnings: ['acp_gateway_request_total of gateway: late'],
      },
    });
    expect(facts.signals['rejects-by-tenant']?.warnings).toEqual([
      'acp_gateway_request_total of tenant-1: late',
    ]);
  });

  test('finds a name among the values of a label, as a query has it', () => {
    const match = { tenant_id: ['acme.eu', 'glo"bex', 'unseen'] };
    const facts = redacted({
      'rejects-by-tenant': rejects({ 'acme.eu': { '/x': 2 }, 'glo"bex': { '/x': 1 } }),
      inflight: unknown('refused', `no series is ${selector('', match)}`),
    });
    expect(facts.signals.inflight?.reason).toBe('no series is {tenant_id=~"tenant-1|tenant-2|unseen"}');
  });

  test('suggests nothing that would reach the system', () => {
    expect(redacted({}).reach).toEqual([]);
  });
});

test('a capture holds no secret of any system that was read, whatever it echoes', async () => {
  const http = httpTarget('http://127.0.0.1:1', { bearerToken: new Secret('s3cret-token') });
  for (const given of [{ prometheus: http }, { logs: { kind: 'loki', http, selector: null } }] as const) {
    const facts = evidence({ 'auth-failures-by-ip': unknown('refused', 'HTTP 400: no s3cret-token here') });
    const found = {
      ...{ evidence: facts, runbook: aegis, context: null, alert: null },
      totalMs: 1,
      answers: {},
      history: null,
    };
    const text = captureText(found, await configOf(given), false, '0.0.0');
    expect(text).toContain('no [redacted] here');
    expect(text).not.toContain('s3cret');
  }
});
