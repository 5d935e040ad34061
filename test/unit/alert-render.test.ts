import { describe, expect, test } from 'vitest';
import { notFiring, unreadAlert } from '../../src/alerts/about.ts';
import { leadOf } from '../../src/alerts/lead.ts';
import type { Alert } from '../../src/evidence/alert.ts';
import { redactAlert } from '../../src/evidence/redact.ts';
import { alertsText, choiceOf } from '../../src/output/alert-list.ts';
import { alertsHtml } from '../../src/output/html/alerts.ts';
import { triageHtml } from '../../src/output/html/triage.ts';
import { makePaint } from '../../src/output/paint.ts';
import { triageHuman } from '../../src/output/triage-human.ts';
import { triageJson } from '../../src/output/triage-json.ts';
import { triageMarkdown } from '../../src/output/triage-markdown.ts';
import { alertOf, known } from '../support/alerts.ts';
import { documentOf } from '../support/triage.ts';

const HOSTILE = '\u001b[2J\u202egnp.exe`|<img src=x>[x](http://y)';
const screenOf = (alert: Alert, replayed = false) =>
  triageHuman({ ...documentOf({}), alert, replayed }, makePaint(false), 80);
/** What stands before the verdict. */
const headOf = (alert: Alert, replayed = false) => screenOf(alert, replayed).split('\n\n')[0];

const SUPPRESSED = alertOf({
  state: 'suppressed',
  labels: { severity: 'page', cluster: 'eu', ratelimit_runbook: 'aegis' },
  generatorUrl: 'http://prom/graph?g0.expr=x',
  silencedBy: [
    {
      ...{ id: '83f8e8e9', createdBy: 'alice', comment: 'load test', instances: 1 },
      ...{ endsAt: '2026-05-29T05:12:04.000Z', endsInSeconds: 7_200 },
    },
  ],
  inhibitedBy: [{ fingerprint: '00000000000000ff', name: 'ClusterDown', instances: 1 }],
  mutedBy: ['weekend'],
  instanceCount: 2,
  instances: ['acme', 'two words'].map((tenant) => ({
    ...{ fingerprint: '0123456789abcdef', state: 'suppressed' as const },
    ...{ startsAt: '2026-05-29T03:00:04.000Z', labels: { tenant } },
  })),
  pickedBy: { context: 'rule', runbook: 'label' },
});

describe('before the verdict', () => {
  test('since when it fires, its labels, where it leads, and who is told', () => {
    expect(headOf(SUPPRESSED)).toMatchInlineSnapshot(`
      "Alert RateLimitSpike fires since 2026-05-29 03:00:04 UTC (12m ago), 2 instances,
        and nobody is told
        - severity=page, cluster=eu
        - tenant: acme, "two words"
        - context prod, by a rule of the configuration; runbook aegis, by a label of
          the alert; window 12m, since it fires for that long
        - its query: http://prom/graph?g0.expr=x
        ! silenced by alice until 2026-05-29 05:12:04 UTC (in 2h) (1 of 2 instances):
          load test [silence 83f8e8e9]
        ! inhibited by ClusterDown (00000000000000ff) (1 of 2 instances)
        ! muted by the time interval weekend"
    `);
    expect(screenOf(SUPPRESSED)).toMatch(/\n\nquiet \(confidence high\): /);
  });

  test('a label that an instance lacks is none, and of many instances only some are told apart', () => {
    const labels: Record<string, string>[] = [{ tenant: 'acme' }, {}];
    const some = SUPPRESSED.instances.map((one, index) => ({ ...one, labels: labels[index] ?? {} }));
    const alert = alertOf({ instanceCount: 5_000, instances: some });
    expect(headOf(alert)).toContain('- tenant: acme, (none) (of the 2 that fire longest)\n');
    expect(headOf({ ...alert, instanceCount: 2 })).toContain('- tenant: acme, (none)\n');
  });

  test('recorded earlier, it fired', () => {
    expect(headOf(alertOf(), true)).toMatchInlineSnapshot(`
      "Alert RateLimitSpike had fired since 2026-05-29 03:00:04 UTC (12m)
        - severity=page
        - window 12m, since it fires for that long"
    `);
  });

  test('not known, and not firing', () => {
    const reason = 'alertmanager am:9093: connection refused';
    const asking = { source: 'http://am:9093', wanted: 'X' };
    const unknown = unreadAlert(asking, { cause: 'unreachable', message: reason }, ['look there']);
    expect(headOf(unknown)).toMatchInlineSnapshot(`
      "Alert not known: alertmanager am:9093: connection refused; judged without it
        ! look there"
    `);
    expect(headOf(notFiring(asking, [], []))).toBe(
      'Alert: "X" does not fire at http://am:9093; nothing does',
    );
    expect(JSON.parse(triageJson({ ...documentOf({}), alert: unknown }))).toMatchObject({
      degraded: true,
      warnings: ['alert: look there'],
      alert: { state: 'unknown', reason, startsAt: null, labels: {} },
    });
  });

  test('without one, nothing', () => {
    expect(triageHuman(documentOf({}), makePaint(false), 80)).toMatch(/^quiet /);
    expect(JSON.parse(triageJson(documentOf({}))).alert).toBeNull();
  });
});

describe('hostile texts', () => {
  const hostile = alertOf({
    ...{ name: HOSTILE, labels: { [HOSTILE]: HOSTILE, severity: '"x", cluster=eu' }, mutedBy: [HOSTILE] },
    silencedBy: [
      {
        ...{ id: HOSTILE, createdBy: HOSTILE, comment: `${HOSTILE}\n# heading`, instances: 1 },
        ...{ endsAt: '2026-05-29T05:12:04.000Z', endsInSeconds: 7_200 },
      },
    ],
    inhibitedBy: [{ fingerprint: 'ff', name: HOSTILE, instances: 1 }],
    warnings: [HOSTILE],
  });
  const hidden = /\p{Cc}(?<!\n)|\p{Cf}/u;

  test('are inert on a terminal and in Markdown, and exact in JSON', () => {
    const document = { ...documentOf({}), alert: hostile };
    const screen = triageHuman(document, makePaint(false), 80);
    expect(screen).not.toMatch(hidden);
    expect(screen).toContain('severity="\\"x\\", cluster=eu"');
    const markdown = triageMarkdown(document);
    expect(markdown).not.toMatch(hidden);
    expect(markdown).not.toMatch(/<img|\]\(|^# heading/m);
    const page = triageHtml(document, { version: '0', operator: 'ada' });
    expect(page.replaceAll('\n', '')).not.toMatch(hidden);
    expect(page).toContain('&lt;img src=x&gt;');
    expect(page).not.toContain('<img');
    const json = triageJson(document);
    expect(json).not.toMatch(hidden);
    expect(JSON.parse(json).alert.labels[HOSTILE]).toBe(HOSTILE);
  });

  test('are inert in the list, and no part of a command', () => {
    const choice = choiceOf(hostile, leadOf({}, known()), { reach: ['--context', 'prod'] });
    const list = { source: 'http://am', wanted: null, at: '2026-05-29T03:12:04.000Z', warnings: [HOSTILE] };
    const screen = { paint: makePaint(false), width: 80 };
    for (const format of ['human', 'markdown', 'json'] as const) {
      const text = alertsText({ ...list, choices: [choice] }, format, screen);
      expect(text).not.toMatch(hidden);
      expect(text).toContain('ratelimit triage --alert 0123456789abcdef --context prod');
    }
    const page = alertsHtml({ ...list, choices: [choice] }, { version: '0', operator: 'ada' });
    expect(page.replaceAll('\n', '')).not.toMatch(hidden);
    expect(page).not.toContain('<img');
    expect(page.replaceAll(/<\/?span>/g, '')).toContain(
      '<code>ratelimit triage --alert 0123456789abcdef --context prod</code>',
    );
    expect(choice.line).not.toMatch(hidden);
  });

  test('a capture that is shared names nobody and no place', () => {
    const shared = redactAlert({ ...SUPPRESSED, warnings: ['acme'], reason: 'at http://am' });
    expect(JSON.stringify(shared)).not.toMatch(
      /alice|load test|acme|prom|83f8|0123456789abcdef|am:9093|\beu\b/,
    );
    expect(shared).toMatchObject({
      ...{ name: 'RateLimitSpike', state: 'suppressed', startsAt: SUPPRESSED.startsAt, instanceCount: 2 },
      silencedBy: [{ endsInSeconds: 7_200 }],
      inhibitedBy: [{ name: 'ClusterDown' }],
    });
  });
});
