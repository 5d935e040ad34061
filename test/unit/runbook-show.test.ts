import { describe, expect, test } from 'vitest';
import type { LimitOverrides } from '../../src/config/types.ts';
import { sayCondition, sayInOne } from '../../src/output/condition-text.ts';
import { type ShownRunbook, shownText } from '../../src/output/runbook-show.ts';
import type { Condition } from '../../src/runbooks/conditions-schema.ts';
import { startingPoint } from '../../src/runbooks/new.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { viewOf } from '../../src/runbooks/view.ts';
import { aegis, builtIn } from '../support/evidence.ts';

interface Shown {
  schema: string;
  category: {
    signals: { id: string }[];
    thresholds: string[];
    respond: { id: string; command: string | null }[];
  };
  thresholds: { name: string }[];
}

const same = (text: string) => text;
const paint = { bad: same, warn: same, good: same, dim: same, strong: same, name: same };
const screen = { paint, width: 80 };

const example = parseRunbook(startingPoint().yaml, 'example.yaml');

interface More extends Partial<ShownRunbook> {
  runbook?: Runbook;
  thresholds?: Record<string, number>;
  limits?: LimitOverrides;
}

function shown(
  id: string | null,
  { thresholds = {}, limits = {}, runbook = example, ...rest }: More = {},
): ShownRunbook {
  const view = viewOf(runbook, { thresholds, limits });
  const category = view.categories.find(({ spec }) => spec.id === id) ?? null;
  return {
    view,
    category,
    origin: 'built-in',
    path: null,
    context: null,
    reach: [],
    ...rest,
  } as ShownRunbook;
}
const human = (...args: Parameters<typeof shown>) => shownText(shown(...args), 'human', screen);
const json = (...args: Parameters<typeof shown>) =>
  JSON.parse(shownText(shown(...args), 'json', screen)) as Shown;

describe('conditions in words', () => {
  test('each condition of a runbook has a sentence of its own, whose numbers are known', () => {
    for (const runbook of [aegis, example]) {
      const all = runbook.categories.flatMap(({ when, 'sure-when': sure, caveats }) => [
        when,
        ...(sure === null ? [] : [sure]),
        ...caveats.map((caveat) => caveat.when),
      ]);
      for (const condition of [...all, ...runbook.abnormal.map((odd) => odd.when)]) {
        const text = sayInOne(sayCondition(condition, runbook));
        // Where there is no sentence, the condition is only named: say it in condition-text.ts.
        expect(text).not.toMatch(/: [a-z-]+$/);
        expect(text).not.toMatch(/undefined|null|NaN|\[object/);
      }
    }
  });

  test.each<[string, Condition, string]>([
    [
      'one or a few',
      { spread: { signal: 'auth-failures-by-ip', is: 'one-or-few' } },
      'authentication failures by IP: one IP stands out, or up to 5 do, each with at least 20 failures and 10% of what remains (few-ips, heavy-ip-failures, heavy-ip-share)',
    ],
    [
      'many without a rule of its own',
      { spread: { signal: 'auth-failures-by-ip', is: 'many' } },
      'authentication failures by IP: more than 5 IPs stand out, each with at least 20 failures and 10% of what remains (few-ips, heavy-ip-failures, heavy-ip-share)',
    ],
    [
      'many by a rule of its own',
      { spread: { signal: 'rejects-by-tenant', is: 'many' } },
      '429s by tenant: at least 5 tenants at once with at least 0.5 rejects/s each, none of them with more than 60% of all (many-tenants, tenant-reject-rate, dominant-tenant-share)',
    ],
    [
      'a mix',
      {
        mix: {
          signal: 'rejects-by-tenant',
          label: 'path',
          'not-only': ['/execute'],
          share: 'only-path-share',
        },
      },
      '429s by tenant: less than 95% of it with path /execute (only-path-share)',
    ],
    [
      'a start',
      {
        started: {
          signal: 'deploys',
          within: 'deploy-age',
          share: 'deploy-share',
          before: 'auth-failures-by-ip',
        },
      },
      'age of the running processes: at least 50% of the instances started in the last 10m, before those of "authentication failures by IP", as far as can be seen (deploy-share, deploy-age)',
    ],
    [
      'a limit that nobody knows',
      { 'each-at-most': { signal: 'inflight', value: 'inflight-limit' } },
      'requests in flight: no instance beside what stands out has more than a number that is not known (inflight-limit)',
    ],
    [
      'several in one',
      {
        any: [
          { all: [{ down: { signal: 'service-up' } }, { unless: { category: 'x' } }] },
          { down: { signal: 'service-up' } },
        ],
      },
      '(scraped services: at least one service is down, and x does not explain it), or scraped services: at least one service is down',
    ],
  ])('%s', (_, condition, text) => {
    expect(sayInOne(sayCondition(condition, aegis))).toBe(text);
  });
});

describe('a category', () => {
  test('on a screen of 80 columns', () => {
    const text = human('edge-overload', { context: 'prod', thresholds: { 'connection-limit': 512 } });
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(text).toMatchInlineSnapshot(`
      "P3 edge-overload: The edge is out of capacity
        pattern  many clients rejected at once
        cause    capacity

      What it looks at
        - rejected requests by client: nginx_limit_req_rejected_total{zone="api"}
        - active connections: nginx_connections_active
        - backends: up{job="backend"}
        - age of the nginx processes: process_start_time_seconds{job="nginx"}

      Recognised when all of these hold
        - rejected requests by client: at least 1 rejects/s in all (reject-rate)
        - rejected requests by client: at least 4 clients at once with at least 0.5
          rejects/s each, none of them with more than 60% of all (many-clients,
          client-reject-rate, dominant-share)

      The confidence is high when this holds too, else medium
        - active connections: at least one instance at 90% of its limit or above
          (connection-ratio)

      Thresholds
        reject-rate: 1 rejects/s
            The alert asks for one rejected request a second.
        client-reject-rate: 0.5 rejects/s
            Below half of the alert's rate a client brushes against its limit, it is
            not stuck at it.
        client-share: 10%
            A client with less than a tenth of the rejections does not explain the
            alert.
        few-clients: 3 clients
            Three clients can be called one by one.
        many-clients: 4 clients
            See few-clients.
        dominant-share: 60%
            A client with more than that is the incident, whoever else is touched.
        connection-limit: 512 connections (set by the context, the runbook says 4,096
            connections)
            worker_processes times worker_connections of each instance. null says that
            it is not known.
        connection-ratio: 0.9 active / limit
            Close to the limit nginx drops connections.
        restart-age: 10m
            nginx forgets its limits when it restarts, and clients come back all at
            once.
        restart-share: 50% of instances
            One instance that restarted is a crash, half of them are a deploy.

      Reasons to doubt
        ! service-down: A backend is down; those that are left get its share, and more
          capacity at the edge does not help.
            when backends: at least one backend is down
            lowers the confidence by 1 step
        ! recent-deploy: nginx has restarted, and its limits with it. Wait some
          minutes before you scale.
            when age of the nginx processes: at least 50% of the instances started in
            the last 10m (restart-share, restart-age)
            lowers the confidence by 1 step

      What pages for it
        - NginxLimitReq (rule client-rejects), after 5m
        - NginxLimitReq (rule many-clients-rejected), after 5m
        - NginxLimitReq (rule connections-near-limit), after 5m

      What to do
        1. look: Look at the dashboard for the instances that are full. See Edge
           dashboard (https://grafana.example/d/edge).
        2. scale: Add an instance.

      Links
        * Edge dashboard: https://grafana.example/d/edge
        * Contacts of the clients: the wiki

      runbook my-system (built in), context prod
      "
    `);
  });

  test('names the words that a command needs, quoted so that a shell redirects nothing', () => {
    const reach = ['--context', 'prod', '--runbook', './my book.yaml'];
    expect(human('address-flood', { reach }).split('\n')).toContain(
      "     ratelimit block-ip '<ip>' --ttl 1h --reason flood --context prod --runbook './my book.yaml'",
    );
    const { respond } = json('agent-over-cost-cap', { runbook: aegis }).category;
    expect(respond.find(({ id }) => id === 'raise-cap')?.command).toBe(
      "ratelimit raise-cap '<agent>' --to '<usd>' --reason cost_cap_reached",
    );
  });

  test('as JSON: everything that its conditions refer to, whatever they are', () => {
    const { category, thresholds, schema } = json('edge-overload', { thresholds: { 'restart-age': 900 } });
    expect(schema).toBe('ratelimit/runbook-show/v1');
    expect(category.signals.map(({ id }) => id)).toEqual([
      ...['rejects-by-client', 'connections', 'backend-up', 'restarts'],
    ]);
    expect(category.thresholds).toEqual([
      ...[
        'reject-rate',
        'client-reject-rate',
        'client-share',
        'few-clients',
        'many-clients',
        'dominant-share',
      ],
      ...['connection-limit', 'connection-ratio', 'restart-age', 'restart-share'],
    ]);
    expect(thresholds.find(({ name }) => name === 'restart-age')).toMatchObject({
      value: 900,
      own: 600,
      overridden: true,
    });
  });

  test('has the charts of a report', () => {
    const text = shownText(shown(null, { runbook: aegis }), 'human', screen);
    expect(text).toContain('  * 429s by tenant (rejects-by-tenant), against reject-rate\n');
    expect(text).toContain('queries.agent-spend-usd');
    const { charts } = JSON.parse(shownText(shown(null, { runbook: aegis }), 'json', screen));
    expect(charts[0]).toEqual({
      ...{ signal: 'rejects-by-tenant', title: null, by: null, level: 'reject-rate', query: null },
    });
  });

  test('as Markdown, where nothing of it is markup', () => {
    const text = shownText(shown('agent-over-cost-cap', { runbook: aegis }), 'markdown', screen);
    expect(text).toContain('\n1. Inspect the agent');
    expect(text).toContain("   ratelimit caps '<agent>'\n");
    expect(text).toContain('--tenant &lt;id&gt;');
  });
});

describe('the table', () => {
  test('has a category a line where there is room, and two lines where there is none', () => {
    const wide = shownText(shown(null), 'human', { paint, width: 160 });
    expect(wide).toMatch(/^P3 +edge-overload +many clients rejected at once +capacity$/m);
    const narrow = human(null);
    expect(narrow).toContain('  P3 edge-overload\n     many clients rejected at once: capacity\n');
    for (const line of narrow.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  test('says which thresholds the context sets, and which do not fit', () => {
    const thresholds = { 'heavy-address': 30, 'heavy-addres': 3, 'client-share': 9 };
    const flat = human(null, { context: 'prod', thresholds }).replace(/\n {4}/g, ' ');
    expect(flat).toContain(
      '* heavy-address: 30 requests (set by the context, the runbook says 100 requests)',
    );
    expect(flat).toContain(
      '! thresholds.heavy-addres: runbook my-system has no such threshold; did you mean "heavy-address"? (triage refuses that)',
    );
    expect(flat).toContain('! thresholds.client-share: expected a share of at most 1, got 9');
    expect(flat).not.toContain('* client-share');
  });
});

describe('the limits', () => {
  const runbook = builtIn('tps-limits');
  const limits = {
    'caller-tps': { default: 150, tiers: { free: 25 }, entries: { globex: 'premium', acme: 800 } },
  };

  test('stand there with their reasons, and what the runbook has in place of what the context sets', () => {
    const flat = human(null, { runbook, limits }).replace(/\n {8}/g, ' ');
    expect(flat).toContain('  * requests a second that a caller may send (caller-tps, requests a second)\n');
    expect(flat).toContain('      default: 150. Set by the context; the runbook says 100.\n');
    expect(flat).toContain('      tier free: 25. Set by the context; the runbook says 20.\n');
    expect(flat).toContain("      tier standard: 100. The default is the standard tier's.\n");
    expect(flat).toContain('      globex: tier premium. Set by the context.\n');
    expect(flat).toContain('      held against it: requests-by-caller, accepted-by-caller\n');
    expect(human(null, { runbook: aegis })).not.toContain('Limits');
    const markdown = shownText(shown(null, { runbook, limits }), 'markdown', screen);
    expect(markdown).toContain('- tier free: 25. Set by the context; the runbook says 20.\n');
  });

  test('of a category those that its entities are held against: rate and burst', () => {
    const gateway = builtIn('api-gateway');
    const tablesOf = (id: string, of: Runbook) =>
      (json(id, { runbook: of }).category as unknown as { limits: string[] }).limits;
    expect(tablesOf('client-over-burst', gateway)).toEqual(['plan-rate', 'plan-burst']);
    expect(tablesOf('caller-at-tier-limit', runbook)).toEqual(['caller-tps']);
    expect(human('caller-at-tier-limit', { runbook, limits })).toContain('tier free: 25. Set by the context');
  });

  test('as JSON say what is overridden, and by what', () => {
    const { limits: tables } = JSON.parse(shownText(shown(null, { runbook, limits }), 'json', screen));
    expect(tables).toHaveLength(1);
    expect(tables[0]).toMatchObject({
      ...{ id: 'caller-tps', unit: 'requests', per: 'second', each: 'caller', tierLabel: 'tier' },
      default: { value: 150, overridden: true, own: 100 },
      entries: [
        { id: 'globex', value: null, tier: 'premium', overridden: true, own: null },
        { id: 'acme', value: 800, tier: null, overridden: true, own: null },
      ],
      signals: ['requests-by-caller', 'accepted-by-caller'],
    });
    expect(tables[0].tiers.map((one: Record<string, unknown>) => [one.tier, one.value, one.own])).toEqual([
      ['free', 25, 20],
      ['standard', 100, null],
      ['premium', 500, null],
    ]);
    expect(JSON.parse(shownText(shown(null, { runbook: aegis }), 'json', screen)).limits).toEqual([]);
  });
});
