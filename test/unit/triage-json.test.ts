import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TriageDocument } from '../../src/output/triage-document.ts';
import { triageJson } from '../../src/output/triage-json.ts';
import { anyReadings, hostile } from '../support/arbitrary-evidence.ts';
import { absent, aegis, counters, crowd, rejects, unknown } from '../support/evidence.ts';
import { documentOf } from '../support/triage.ts';

const json = (document: TriageDocument) => JSON.parse(triageJson(document));
const attack = { 'auth-failures-by-ip': counters({ '203.0.113.42': 4812, ...crowd(40, 50) }) };

/** Fails for a key that is not there; more keys may be there. */
const haveKeys = (value: unknown, keys: string) => {
  for (const key of keys.split(' ')) expect(value).toHaveProperty([key]);
};

describe('the document', () => {
  test('has the keys of its contract, whatever was found', () => {
    fc.assert(
      fc.property(anyReadings, (readings) => {
        const document = json(documentOf(readings));
        haveKeys(
          document,
          'schema at windowSeconds context runbook verdict findings ruledOut signals warnings degraded timings',
        );
        haveKeys(document.verdict, 'category confidence summary');
        for (const finding of document.findings) {
          haveKeys(finding, 'category confidence severity subjects because caveats remedies');
          for (const because of finding.because) haveKeys(because, 'code signal measured threshold met text');
          for (const caveat of finding.caveats) haveKeys(caveat, 'code text');
          for (const remedy of finding.remedies) haveKeys(remedy, 'id kind command text');
        }
        for (const rejected of document.ruledOut) haveKeys(rejected, 'category because');
        expect(Object.keys(document.signals)).toEqual(Object.keys(aegis.signals));
        for (const signal of Object.values<{ rows: unknown[] }>(document.signals)) {
          haveKeys(signal, 'status reason sources total distinct coverage rows');
          for (const row of signal.rows) haveKeys(row, 'id value share lastSeenSeconds labels');
        }
      }),
    );
  });

  test('has values of the kinds of its contract', () => {
    const document = json(
      documentOf({ ...attack, blocks: unknown('timeout', 'no answer'), inflight: absent('none') }, 1),
    );
    expect(document).toMatchObject({
      schema: 'ratelimit/triage/v1',
      at: '2026-05-29T03:12:04Z',
      windowSeconds: 300,
      context: 'prod',
      runbook: 'aegis',
      verdict: {
        category: 'distributed-credential-stuffing',
        confidence: 'high',
        summary: expect.any(String),
      },
      warnings: [],
      degraded: true,
      timings: { totalMs: 212 },
    });
    expect(document.findings[1]).toMatchObject({
      category: 'single-ip-credential-stuffing',
      severity: 'P2',
      subjects: [{ kind: 'ip', id: '203.0.113.42' }],
      because: [{ code: 'spread-one', signal: 'auth-failures-by-ip', threshold: 0.1, met: true }],
      caveats: [{ code: 'signal-unknown', text: expect.any(String) }],
    });
    expect(document.findings[1].remedies[0]).toMatchObject({
      id: 'block-ip',
      kind: 'command',
      command: 'ratelimit block-ip 203.0.113.42 --ttl 24h --reason credential_stuffing --context prod',
    });
    expect(document.signals['auth-failures-by-ip']).toEqual({
      ...{
        status: 'measured',
        reason: null,
        sources: ['acp:auth_fail:*', 'acp:ratelimit:auth_fail:*'],
        sourceStatus: ['acp:auth_fail:*', 'acp:ratelimit:auth_fail:*'].map((label) => ({
          ...{ label, status: 'measured', reason: null, entities: 41 },
        })),
        unit: 'failures',
        windowSeconds: 300,
      },
      ...{ total: 6812, totalIsAtMost: false, usualTotal: null, distinct: 41, coverage: 1, estimate: null },
      rows: [
        {
          ...{
            id: '203.0.113.42',
            value: 4812,
            share: 4812 / 6812,
            lastSeenSeconds: 12,
            labels: {},
            limit: null,
          },
          ...{ kind: null, sources: [], claimed: false, atLeast: false, usual: null, period: null },
          expires: null,
        },
      ],
    });
    expect(document.signals.blocks).toMatchObject({
      status: 'unknown',
      reason: 'no answer',
      total: null,
      rows: [],
    });
    expect(document.signals.inflight).toMatchObject({ status: 'absent', reason: 'none' });
  });

  test('is degraded by what is unknown, not by what is absent', () => {
    expect(json(documentOf({ inflight: absent('none') })).degraded).toBe(false);
    expect(json(documentOf({ inflight: unknown('timeout', 'late') })).degraded).toBe(true);
  });

  test('has lists where nothing is, never null', () => {
    expect(json(documentOf({}))).toMatchObject({
      findings: [],
      warnings: [],
      unexplained: [],
      undecided: [],
    });
  });

  test('has no more rows than asked for', () => {
    expect(json(documentOf(attack, 5)).signals['auth-failures-by-ip'].rows).toHaveLength(5);
  });
});

describe('ids', () => {
  test('are exactly what they were, and so are the names in a mix', () => {
    fc.assert(
      fc.property(hostile, hostile, (id, path) => {
        const paths = JSON.parse(`{${JSON.stringify(path)}: 3}`);
        const document = json(documentOf({ 'rejects-by-tenant': rejects([[id, paths]]) }));
        const [row] = document.signals['rejects-by-tenant'].rows;
        expect(row.id).toBe(id);
        expect(Object.entries(row.labels.path)).toEqual([[path, 3]]);
        for (const finding of document.findings) expect(finding.subjects).toEqual([{ kind: 'tenant', id }]);
      }),
    );
  });

  test('that are not UTF-8 are given as bytes', () => {
    const document = json(documentOf({ 'auth-failures-by-ip': counters([[{ hex: 'fffe' }, 2]]) }));
    expect(document.signals['auth-failures-by-ip'].rows[0].id).toEqual({ hex: 'fffe' });
  });
});

test('the text of a finding', () => {
  const [, single] = json(documentOf(attack)).findings;
  expect(single).toMatchInlineSnapshot(`
    {
      "because": [
        {
          "code": "spread-one",
          "measured": 0.7064004697592484,
          "met": true,
          "signal": "auth-failures-by-ip",
          "text": "one IP stands out: 4,812 failures, 71% of all (stands out from 20 failures and 10%)",
          "threshold": 0.1,
        },
      ],
      "category": "single-ip-credential-stuffing",
      "caveats": [],
      "checks": [
        {
          "because": [
            {
              "code": "claimed",
              "measured": 0,
              "met": false,
              "signal": "auth-failures-by-ip",
              "text": "no IP is named by the client itself",
              "threshold": 1,
            },
          ],
          "code": "client-claimed-address",
          "state": "clear",
        },
        {
          "because": [
            {
              "code": "plateau",
              "measured": 0,
              "met": false,
              "signal": "auth-failures-by-ip",
              "text": "no IP is at the end of its counter",
              "threshold": 1,
            },
            {
              "code": "reaches",
              "measured": 0,
              "met": false,
              "signal": "rejects-by-layer",
              "text": "429s by layer of the limiter: none auth_fail_ip (threshold 0.01)",
              "threshold": 0.01,
            },
          ],
          "code": "plateau",
          "state": "clear",
        },
        {
          "because": [
            {
              "code": "listed",
              "measured": null,
              "met": null,
              "signal": "successes-by-ip",
              "text": "sign-ins that succeed, by IP: not configured",
              "threshold": 1,
            },
            {
              "code": "shared",
              "measured": null,
              "met": null,
              "signal": "tenants-by-ip",
              "text": "tenants behind an IP: not configured",
              "threshold": 2,
            },
          ],
          "code": "shared-address",
          "state": "not-configured",
        },
        {
          "because": [
            {
              "code": "reaches",
              "measured": 0,
              "met": false,
              "signal": "auth-failures-by-reason",
              "text": "authentication failures by reason: none revoked_token (threshold 0.1)",
              "threshold": 0.1,
            },
          ],
          "code": "attack-succeeding",
          "state": "clear",
        },
        {
          "because": [
            {
              "code": "ended",
              "measured": 12,
              "met": false,
              "signal": "auth-failures-by-ip",
              "text": "the last one was 12s ago (over is 3m)",
              "threshold": 180,
            },
          ],
          "code": "seems-over",
          "state": "clear",
        },
        {
          "because": [
            {
              "code": "undated",
              "measured": 0,
              "met": false,
              "signal": "auth-failures-by-ip",
              "text": "every IP that stands out has a counter that ends",
              "threshold": 1,
            },
          ],
          "code": "no-expiry",
          "state": "clear",
        },
        {
          "because": [
            {
              "code": "outgrown",
              "measured": null,
              "met": null,
              "signal": "auth-failures-by-reason",
              "text": "authentication failures by reason: no source tells what the counters could be held against",
              "threshold": 3,
            },
          ],
          "code": "counted-for-long",
          "state": "not-told",
        },
        {
          "because": [
            {
              "code": "usual-same",
              "measured": null,
              "met": null,
              "signal": "auth-failures-total",
              "text": "authentication failures, all sources: what is usual at this hour is not known",
              "threshold": 2,
            },
          ],
          "code": "as-usual",
          "state": "not-told",
        },
        {
          "because": [
            {
              "code": "volume",
              "measured": 0,
              "met": false,
              "signal": "limiter-health",
              "text": "0 failures/s in all (threshold 0.01)",
              "threshold": 0.01,
            },
          ],
          "code": "limiter-failing-open",
          "state": "clear",
        },
        {
          "because": [
            {
              "code": "reaches",
              "measured": 0,
              "met": false,
              "signal": "eviction",
              "text": "what Redis removes when its memory is full: none any-key (threshold 1)",
              "threshold": 1,
            },
            {
              "code": "reaches",
              "measured": 0,
              "met": false,
              "signal": "eviction",
              "text": "what Redis removes when its memory is full: none keys-with-ttl (threshold 1)",
              "threshold": 1,
            },
          ],
          "code": "evictable",
          "state": "clear",
        },
        {
          "because": [
            {
              "code": "listed",
              "measured": 0,
              "met": false,
              "signal": "blocks",
              "text": "none of them is among the IP blocks in force",
              "threshold": 1,
            },
          ],
          "code": "already-blocked",
          "state": "clear",
        },
        {
          "because": [
            {
              "code": "started",
              "measured": 0,
              "met": false,
              "signal": "deploys",
              "text": "0 of 2 instances started in the last 10m, the newest 1d ago (threshold 50%)",
              "threshold": 0.5,
            },
          ],
          "code": "recent-deploy",
          "state": "clear",
        },
        {
          "because": [
            {
              "code": "one-shot",
              "measured": 0,
              "met": false,
              "signal": "auth-failures-by-ip",
              "text": "0 IPs below 3 failures each (threshold 100)",
              "threshold": 100,
            },
            {
              "code": "strangers",
              "measured": 0,
              "met": false,
              "signal": "auth-failures-by-ip",
              "text": "0 names are not valid IPs (threshold 100)",
              "threshold": 100,
            },
            {
              "code": "volume",
              "measured": 0.01,
              "met": false,
              "signal": "auth-failures-total",
              "text": "0.01 failures/s in all (threshold 5)",
              "threshold": 5,
            },
          ],
          "code": "possibly-spoofed",
          "state": "clear",
        },
        {
          "because": [
            {
              "code": "not-public",
              "measured": 0,
              "met": false,
              "signal": "auth-failures-by-ip",
              "text": "every IP that stands out is public",
              "threshold": 1,
            },
          ],
          "code": "proxy-aggregate",
          "state": "clear",
        },
        {
          "because": [
            {
              "code": "listed",
              "measured": 0,
              "met": false,
              "signal": "auth-peers",
              "text": "none of them is among the direct peers that failures came through",
              "threshold": 1,
            },
          ],
          "code": "proxy-aggregate",
          "state": "clear",
        },
        {
          "because": [
            {
              "code": "started",
              "measured": 0,
              "met": false,
              "signal": "deploys",
              "text": "0 of 2 instances started in the last 10m, the newest 1d ago (threshold 1%)",
              "threshold": 0.01,
            },
          ],
          "code": "recent-restart",
          "state": "clear",
        },
        {
          "because": [
            {
              "code": "down",
              "measured": 0,
              "met": false,
              "signal": "service-up",
              "text": "no service named identity is down",
              "threshold": 1,
            },
          ],
          "code": "service-down",
          "state": "clear",
        },
      ],
      "confidence": "high",
      "remedies": [
        {
          "command": "ratelimit block-ip 203.0.113.42 --ttl 24h --reason credential_stuffing --context prod",
          "id": "block-ip",
          "kind": "command",
          "link": null,
          "text": "The per-IP counter (5 minutes) already throttles. This blocks the address in Redis for 24 hours with a reason, and a gateway that reads the list answers it with 403. It asks before it writes and checks whether it takes effect.",
        },
        {
          "command": null,
          "id": "find-true-source",
          "kind": "manual",
          "link": {
            "see": "runbook",
            "title": "Gateway service",
            "urls": [],
          },
          "text": "Where the address is what the client claims, look into the load balancer's access log for the address that really connects.",
        },
        {
          "command": null,
          "id": "load-balancer-deny-list",
          "kind": "manual",
          "link": {
            "see": "runbook",
            "title": "Gateway service",
            "urls": [],
          },
          "text": "More durable, put the address on the load balancer's deny list. Redis's block ends with its TTL, that one stays until it is removed.",
        },
      ],
      "severity": "P2",
      "subjects": [
        {
          "id": "203.0.113.42",
          "kind": "ip",
        },
      ],
    }
  `);
});
