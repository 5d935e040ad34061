import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aboutAlert, notFiring } from '../../src/alerts/about.ts';
import { groupsOf, meantBy } from '../../src/alerts/group.ts';
import { type Known, leadOf } from '../../src/alerts/lead.ts';
import { alertSchema } from '../../src/evidence/alert-schema.ts';
import type { Firing } from '../../src/signals/alertmanager.ts';
import { clock, firing, known, NOW } from '../support/alerts.ts';

const SPIKE = { alertname: 'RateLimitSpike' };
const rule = (match: Record<string, string>, to: { context?: string; runbook?: string }) => ({
  match,
  ...to,
});

describe('where an alert leads', () => {
  const led = (labels: Record<string, string>, more: Partial<Known> = {}) => {
    const { context, runbook, by } = leadOf({ ...SPIKE, ...labels }, known(more));
    return { context, runbook, by: `${by.context} ${by.runbook}` };
  };
  const labelled = { ratelimit_context: 'prod-eu', ratelimit_runbook: 'shop' };
  const rules = [
    rule({ cluster: 'ap' }, { context: 'prod-us', runbook: 'aegis' }),
    rule({ alertname: 'RateLimitSpike', cluster: 'eu' }, { context: 'prod-eu', runbook: '/own/eu.yaml' }),
    rule({ cluster: 'eu' }, { context: 'prod-us' }),
  ];

  test.each<[string, Record<string, string>, Partial<Known>, ReturnType<typeof led>]>([
    ['nowhere but to what is in use', {}, {}, { context: null, runbook: null, by: 'default default' }],
    ['where its labels say', labelled, {}, { context: 'prod-eu', runbook: 'shop', by: 'label label' }],
    [
      'where the first rule says that matches, before its labels',
      { ...labelled, cluster: 'eu' },
      { rules },
      { context: 'prod-eu', runbook: '/own/eu.yaml', by: 'rule rule' },
    ],
    [
      'where its labels say, as far as the rule does not',
      { ...labelled, cluster: 'eu', alertname: 'Other' },
      { rules },
      { context: null, runbook: 'shop', by: 'default label' },
    ],
    [
      'nowhere, when both were named for this run',
      { ...labelled, cluster: 'eu' },
      { rules, isContextGiven: true, givenRunbook: 'aegis' },
      { context: null, runbook: null, by: 'given given' },
    ],
    [
      'to the runbook that lists it',
      { alertname: 'ShopSpike' },
      {},
      { context: null, runbook: 'shop', by: 'default list' },
    ],
    [
      'to no other runbook than the one in use, when that lists it, too',
      { alertname: 'ShopSpike' },
      {
        runbookOf: new Map([['prod-us', './mine.yaml']]),
        runbooks: [
          { name: './mine.yaml', alerts: ['ShopSpike'], isNamed: false },
          { name: 'shop', alerts: ['ShopSpike'], isNamed: true },
        ],
      },
      { context: null, runbook: null, by: 'default default' },
    ],
  ])('%s', (_, labels, more, expected) => {
    expect(led(labels, more)).toEqual(expected);
  });

  test('a rule that wants a label empty matches an alert without it', () => {
    expect(led({}, { rules: [rule({ cluster: '' }, { context: 'prod-eu' })] }).context).toBe('prod-eu');
    expect(led({}, { rules: [rule({ constructor: '' }, { context: 'prod-eu' })] }).context).toBe('prod-eu');
    expect(led({}, { rules: [rule({ toString: 'x' }, { context: 'prod-eu' })] }).context).toBeNull();
  });

  test('several runbooks that list it are said, and none is taken', () => {
    const runbooks = ['a', 'b'].map((name) => ({ name, alerts: ['ShopSpike'], isNamed: true }));
    const { runbook, warnings } = leadOf({ alertname: 'ShopSpike' }, known({ runbooks }));
    expect({ runbook, warnings }).toEqual({
      runbook: null,
      warnings: ['several runbooks list "ShopSpike" (a, b): --runbook says which'],
    });
  });

  test('a label is a name that there is, or nothing, and that is said', () => {
    const { context, runbook, isOurs, warnings } = leadOf(
      { alertname: 'X', ratelimit_runbook: '../../etc/passwd', ratelimit_context: 'prod-eu\u001b[2J' },
      known(),
    );
    expect({ context, runbook, isOurs }).toEqual({ context: null, runbook: null, isOurs: true });
    expect(warnings).toEqual([
      'the label ratelimit_context is ignored: "prod-eu\\u001b[2J" is not the name of a context here',
      'the label ratelimit_runbook is ignored: "../../etc/passwd" is not the name of a runbook here',
    ]);
  });

  test('a runbook that only a path names cannot be asked for by a label', () => {
    const runbooks = [{ name: './mine.yaml', alerts: [], isNamed: false }];
    expect(leadOf({ ...SPIKE, ratelimit_runbook: './mine.yaml' }, known({ runbooks })).runbook).toBeNull();
  });

  test('with a system given by its URL, an alert leads to no context', () => {
    const { context, warnings } = leadOf(
      { ...SPIKE, ratelimit_context: 'prod-eu' },
      known({ connectedBy: '--redis-url' }),
    );
    expect(context).toBeNull();
    expect(warnings).toEqual([
      'the alert is about context "prod-eu", which is not triaged: --redis-url names a system',
    ]);
  });

  test('whatever the labels are, it leads to a name that the configuration or the program has', () => {
    const name = fc.oneof(
      fc.constantFrom('alertname', 'cluster', 'ratelimit_context', 'ratelimit_runbook', '__proto__'),
      fc.string(),
    );
    const value = fc.oneof(
      fc.constantFrom('eu', 'RateLimitSpike', 'prod-eu', 'shop', './shop', 'SHOP'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), (labels) => {
        const { context, runbook } = leadOf(labels, known({ rules }));
        expect([null, 'prod-eu']).toContain(context);
        expect([null, 'shop', '/own/eu.yaml']).toContain(runbook);
      }),
    );
  });
});

describe('which alerts are meant', () => {
  const names = (wanted: string | null, alerts: readonly Firing[], more: Partial<Known> = {}) => {
    const { groups, warnings } = meantBy(wanted, alerts, known(more));
    return [...groups.map((one) => `${one.name} ${one.instances.length}`), ...warnings];
  };
  const acme = firing({ ...SPIKE, tenant: 'acme' });
  const globex = firing({ ...SPIKE, tenant: 'globex' }, { forSeconds: 900, state: 'suppressed' });
  const disk = firing({ alertname: 'DiskFull' });
  const auth = firing({ alertname: 'AuthFailureSpike' }, { state: 'suppressed' });
  const eu = firing({ ...SPIKE, ratelimit_context: 'prod-eu' });

  test('whatever fires and is ours; all of a name that lead to the same are one', () => {
    expect(names(null, [acme, disk, globex])).toEqual(['RateLimitSpike 2']);
    expect(names(null, [disk])).toEqual([]);
    expect(names(null, [disk], { rules: [rule({ alertname: 'DiskFull' }, { runbook: 'shop' })] })).toEqual([
      'DiskFull 1',
    ]);
  });

  test('what nobody is told of gives way to what somebody is told of', () => {
    expect(names(null, [acme, auth])).toEqual([
      'RateLimitSpike 1',
      '1 alert left out, silenced or inhibited: --alert takes one by its name',
    ]);
    expect(names(null, [auth])).toEqual(['AuthFailureSpike 1']);
  });

  test('what comes to the same is one, whoever says so', () => {
    const labelled = firing({ ...SPIKE, ratelimit_context: 'prod-us', ratelimit_runbook: 'aegis' });
    expect(names('RateLimitSpike', [acme, labelled])).toEqual(['RateLimitSpike 2']);
  });

  test('of one name that leads to several contexts, there are several', () => {
    expect(names('RateLimitSpike', [acme, eu])).toEqual(['RateLimitSpike 1', 'RateLimitSpike 1']);
    expect(names(null, [acme, eu])).toHaveLength(2);
  });

  test('a context that was named leaves out the alerts of others', () => {
    const given = { isContextGiven: true };
    expect(names('RateLimitSpike', [acme, eu], given)).toEqual([
      'RateLimitSpike 1',
      '1 alert of other contexts left out',
    ]);
    expect(names(null, [eu], given)).toEqual(['1 alert of other contexts left out']);
    const about = 'the alert is about context prod-eu, and another one was named for this run';
    expect(names('RateLimitSpike', [eu], given)).toEqual(['RateLimitSpike 1', about]);
    expect(names(eu.fingerprint, [eu], given)).toEqual(['RateLimitSpike 1', about]);
  });

  test('one by its fingerprint, in upper case too; any by its name, ours or not', () => {
    expect(names(acme.fingerprint.toUpperCase(), [acme, globex])).toEqual(['RateLimitSpike 1']);
    expect(names('DiskFull', [acme, disk])).toEqual(['DiskFull 1']);
    expect(names('diskfull', [acme, disk])).toEqual([]);
    const odd = firing({ alertname: '00000000deadbeef' });
    expect(names('00000000deadbeef', [odd, acme])).toEqual(['00000000deadbeef 1']);
  });
});

describe('what is said of it', () => {
  const about = (alerts: readonly Firing[], silences = new Map()) => {
    const [group] = groupsOf(alerts, known());
    if (group === undefined) throw new Error('no group');
    return aboutAlert({ source: 'http://am', wanted: null }, group, alerts, silences, NOW, clock);
  };

  test.each([
    ['a new one: the usual window', [10], 300],
    ['for as long as it fires', [720], 720],
    ['never longer than is new', [7_200], 900],
    ['so that each of several fires throughout', [7_200, 400, 800], 400],
    ['a clock that is ahead', [-60], 300],
  ])('its window: %s', (_, seconds, expected) => {
    const alerts = seconds.map((forSeconds, n) => firing({ ...SPIKE, n: String(n) }, { forSeconds }));
    expect(about(alerts).windowSeconds).toBe(expected);
  });

  test('one that began later than now is told to be by a clock that is wrong', () => {
    const warningsOf = (forSeconds: number) => about([firing(SPIKE, { forSeconds })]).warnings;
    expect(warningsOf(-3_600)).toEqual([expect.stringMatching(/^it began 1h from now .* clock/)]);
    expect(warningsOf(-30)).toEqual([]);
  });

  test('since when, what the instances share and differ in, who suppresses how many', () => {
    const silences = new Map([
      ['s1', { createdBy: 'alice', comment: 'load test', endsAt: clock.iso(NOW + 7_200_000) }],
    ]);
    const cluster = firing({ alertname: 'ClusterDown', cluster: 'eu' });
    const alert = about(
      [
        firing(
          { ...SPIKE, severity: 'page', tenant: 'acme' },
          { forSeconds: 30, inhibitedBy: [cluster.fingerprint, 'ffff'] },
        ),
        firing(
          { ...SPIKE, severity: 'page', tenant: 'globex' },
          {
            forSeconds: 90,
            state: 'suppressed',
            silencedBy: ['s1', 's2'],
            generatorUrl: 'https://u:p@prom/graph?x=1',
          },
        ),
        cluster,
      ].sort((a, b) => (a.startsAt < b.startsAt ? -1 : 1)),
      silences,
    );
    expect(alert).toMatchObject({
      ...{ state: 'active', name: 'RateLimitSpike', firingForSeconds: 90, labels: { severity: 'page' } },
      generatorUrl: 'https://prom/graph?x=1',
      silencedBy: [
        { id: 's1', createdBy: 'alice', comment: 'load test', endsInSeconds: 7_200, instances: 1 },
        { id: 's2', createdBy: null, comment: null, endsAt: null, endsInSeconds: null, instances: 1 },
      ],
      inhibitedBy: [
        { fingerprint: cluster.fingerprint, name: 'ClusterDown', instances: 1 },
        { fingerprint: 'ffff', name: null, instances: 1 },
      ],
      instances: [{ labels: { tenant: 'globex' } }, { labels: { tenant: 'acme' } }],
    });
  });

  test.each([
    'javascript:alert(1)',
    'file:///etc/passwd',
    '/graph',
    '',
    'http://',
    `http://x/${'a'.repeat(5_000)}`,
  ])('no web address: %s', (generatorUrl) => {
    expect(about([firing(SPIKE, { generatorUrl })]).generatorUrl).toBeNull();
  });

  test('huge labels and thousands of alerts are cut to what a capture takes', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`label${n}`, 'x'.repeat(5_000)]));
    const alerts = Array.from({ length: 3_000 }, (_, n) =>
      firing(
        { ...SPIKE, ...(n === 0 ? many : {}), n: String(n) },
        { fingerprint: n.toString(16).padStart(16, '0') },
      ),
    );
    const alert = about(alerts);
    expect(alert.instanceCount).toBe(3_000);
    expect(JSON.stringify(alert).length).toBeLessThan(100_000);
    expect(alertSchema.safeParse(alert).error).toBeUndefined();
    expect(about([firing({ ...SPIKE, ...many })]).labels.label0).toMatch(/^x{999}…$/);
  });

  test('one that does not fire: what does, and what was meant', () => {
    const asking = { source: 'http://am', wanted: 'RateLimtSpike' };
    const { state, reason } = notFiring(asking, [firing(SPIKE), firing({ alertname: '\u001b[2J' })], []);
    expect({ state, reason }).toEqual({
      state: 'not-firing',
      reason:
        '"RateLimtSpike" does not fire at http://am; 2 others do: "RateLimitSpike", "\\u001b[2J"; did you mean "RateLimitSpike"?',
    });
    expect(notFiring({ ...asking, wanted: null }, [], []).reason).toBe(
      'no alert of a runbook fires at http://am; nothing does',
    );
  });
});
