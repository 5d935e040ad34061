import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Evidence, Reading } from '../../src/evidence/types.ts';
import { type Proposal, propose } from '../../src/remedies/propose.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { isAddress } from '../../src/values/address.ts';
import { parseUsd } from '../../src/values/money.ts';
import { judge } from '../../src/verdict/judge.ts';
import type { Finding, Subject } from '../../src/verdict/types.ts';
import { hostile } from '../support/arbitrary-evidence.ts';
import {
  AEGIS_YAML,
  address,
  aegis,
  agents,
  counters,
  crowd,
  evidence,
  rejects,
  unknown,
} from '../support/evidence.ts';
import { findingOf } from '../support/triage.ts';

const REACH = ['--context', 'prod', '--redis-url', 'redis://127.0.0.1:6380/5'];

/** A finding, and the evidence that it was made from. */
interface Found {
  readonly finding: Finding;
  readonly facts: Evidence;
}
type Readings = Readonly<Record<string, Reading>>;

const factsOf = (readings: Readings, reach: readonly string[] = REACH): Evidence => ({
  ...evidence(readings),
  reach,
});
function found(readings: Readings, category: string, reach?: readonly string[]): Found {
  const facts = factsOf(readings, reach);
  return { finding: findingOf(judge(facts, aegis), category), facts };
}
const single = (failures: Parameters<typeof counters>[0], reach?: readonly string[]) =>
  found({ 'auth-failures-by-ip': counters(failures) }, 'single-ip-credential-stuffing', reach);
const spent = (spends: Parameters<typeof agents>[0]) =>
  found({ 'agent-spend': agents(spends) }, 'agent-over-cost-cap');

function proposalsFor({ finding, facts }: Found, runbook: Runbook = aegis): Proposal[] {
  const category = runbook.categories.find(({ id }) => id === finding.category);
  if (!category) throw new Error(`no category ${finding.category}`);
  return propose(finding, category, runbook, facts);
}
const commands = (one: Found, runbook?: Runbook) =>
  proposalsFor(one, runbook).flatMap(({ argv }) => (argv === null ? [] : [argv]));
const agent = (id: string): Subject => ({ kind: 'agent', id, value: 9, signal: 'agent-spend' });

describe('the responses of the runbook', () => {
  test('come in its order, each command filled for its subject', () => {
    const proposals = proposalsFor(single({ '2001:db8::42': 900 }));
    expect(proposals.map(({ id, kind }) => [id, kind])).toEqual([
      ['block-ip', 'command'],
      ['find-true-source', 'manual'],
      ['load-balancer-deny-list', 'manual'],
    ]);
    expect(proposals[0]?.argv).toEqual([
      ...['ratelimit', 'block-ip', '2001:db8::42', '--ttl', '24h', '--reason', 'credential_stuffing'],
      ...REACH,
    ]);
    expect(proposals[1]?.link).toEqual({ title: 'Gateway service', see: 'runbook', urls: [] });
  });

  test('have a command for each of a few subjects, and none for the subjects of another kind', () => {
    expect(commands(single(crowd(4, 300)))).toHaveLength(4);
    const both = {
      'agent-spend': agents({ 'agent-7': [9, '9'] }),
      'rejects-by-tenant': rejects({ acme: { '/execute': 3 } }),
    };
    const one = found(both, 'agent-over-cost-cap');
    expect(one.finding.subjects.map(({ kind }) => kind).sort()).toEqual(['agent', 'tenant']);
    expect(commands(one)).toEqual([
      ['ratelimit', 'caps', 'agent-7', ...REACH],
      ['ratelimit', 'raise-cap', 'agent-7', '--to', '11.00', '--reason', 'cost_cap_reached', ...REACH],
    ]);
  });

  test('spell out ten commands of a step at most', () => {
    const many = Array.from({ length: 19 }, (_, index) => [`agent-${index}`, [9, '9']] as const);
    const steps = proposalsFor(spent(many)).flatMap(({ id, kind }) => (kind === 'command' ? [id] : []));
    expect(steps).toEqual([...Array(10).fill('inspect-spend'), ...Array(10).fill('raise-cap')]);
  });

  test('stay steps by hand when no subject may enter a command', () => {
    const proposals = proposalsFor(spent([['a b; FLUSHALL', [9, '9']]]));
    expect(proposals.map(({ argv }) => argv)).toEqual([null, null, null]);
    expect(proposals.map(({ id }) => id)).toEqual(['inspect-spend', 'raise-cap', 'raise-cap-permanently']);
  });

  test('leave out what a caveat withholds', () => {
    expect(proposalsFor(single({ '10.0.0.5': 900 })).map(({ id }) => id)).toEqual([
      'find-true-source',
      'load-balancer-deny-list',
    ]);
  });

  test('put what a caveat defers at the end', () => {
    const failures = counters({ '203.0.113.42': 900 });
    const claimed = { ...failures, rows: failures.rows.map((row) => ({ ...row, claimed: true })) };
    const one = found({ 'auth-failures-by-ip': claimed }, 'single-ip-credential-stuffing');
    expect(one.finding.caveats.map(({ code }) => code)).toContain('client-claimed-address');
    expect(proposalsFor(one).map(({ id }) => id)).toEqual([
      'find-true-source',
      'load-balancer-deny-list',
      'block-ip',
    ]);
  });
});

describe('what a command needs to reach the system that was read', () => {
  test('ends it, word for word, whatever the words are', () => {
    const reaches = fc.array(
      fc.oneof(fc.string(), fc.constantFrom('{subject}', '{enough}', "it's a $(path)", '$&', '--context')),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(reaches, (reach) => {
        const [argv] = commands(single({ '203.0.113.42': 900 }, reach));
        expect(argv).toEqual([
          ...['ratelimit', 'block-ip', '203.0.113.42', '--ttl', '24h', '--reason', 'credential_stuffing'],
          ...reach,
        ]);
      }),
    );
  });

  test('is in each of several commands', () => {
    const all = [...commands(single(crowd(4, 300))), ...commands(spent({ 'agent-7': [9, '9'] }))];
    expect(all).toHaveLength(6);
    for (const argv of all) expect(argv.slice(-REACH.length)).toEqual(REACH);
  });

  test('names all that was read where the command reads all of it, and for a remedy Redis alone', () => {
    const { finding, facts } = single({ '203.0.113.42': 900 });
    const category = aegis.categories.find(({ id }) => id === finding.category);
    const [step] = category?.respond ?? [];
    if (!category || !step) throw new Error('no category');
    const looking = { ...step, command: ['ratelimit', 'limits'], each: null };
    const reads = [...REACH, '--prometheus-url', 'http://127.0.0.1:9095'];
    const argvsOf = (one: typeof step) =>
      propose(finding, { ...category, respond: [one] }, aegis, { ...facts, reads }).map(({ argv }) => argv);
    expect(argvsOf(looking)).toEqual([['ratelimit', 'limits', ...reads]]);
    expect(argvsOf(step)[0]?.slice(-REACH.length)).toEqual(REACH);
  });

  test('is nothing where the defaults reach it', () => {
    expect(commands(single({ '203.0.113.42': 900 }, []))[0]?.at(-1)).toBe('credential_stuffing');
  });
});

describe('a cap that is enough', () => {
  /** The amounts that caps are raised to, by agent; null when it is a step by hand. */
  function amounts({ finding, facts }: Found, runbook?: Runbook): Record<string, string> | null {
    const raises = proposalsFor({ finding, facts }, runbook).filter(({ id }) => id === 'raise-cap');
    expect(raises.length).toBeGreaterThan(0);
    if (raises.some(({ kind }) => kind === 'manual')) {
      expect(raises).toHaveLength(1);
      expect(raises[0]).toMatchObject({ argv: null, text: expect.stringContaining('raise the cap above') });
      return null;
    }
    return Object.fromEntries(
      raises.map(({ argv }) => {
        expect(argv?.[3]).toBe('--to');
        return [String(argv?.[2]), String(argv?.[4])];
      }),
    );
  }
  const finding = spent({ 'agent-7': [9, '9'] }).finding;
  const facing = (spends: Parameters<typeof agents>[0], ...ids: string[]): Found => ({
    finding: { ...finding, subjects: ids.map(agent) },
    facts: factsOf({ 'agent-spend': agents(spends) }),
  });

  test.each([
    ['just above its cap', 100.4, '100.00', '121.00'],
    ['far above its cap', 250, '100.00', '300.00'],
    ['below its cap', 50, '100.00', '120.00'],
    ['at a cap of cents', 0.05, '0.05', '1.00'],
    ['without a cap', 50, null, '60.00'],
    ['with a cap that is none', 50, 'abc', '60.00'],
  ])('for an agent %s', (_, spend, cap, enough) => {
    expect(amounts(facing({ 'agent-7': [spend, cap] }, 'agent-7'))).toEqual({ 'agent-7': enough });
  });

  test('is above what is spent and what may be spent, in whole USD, an amount that the program takes', () => {
    const cents = fc.integer({ min: 1, max: 10_000_000 }).map((n) => n / 100);
    fc.assert(
      fc.property(cents, cents, (spend, cap) => {
        const enough = amounts(facing({ 'agent-7': [spend, cap.toFixed(2)] }, 'agent-7'))?.['agent-7'] ?? '';
        const most = Math.max(spend, cap);
        expect(enough).toMatch(/^\d+\.00$/);
        expect(Number(enough)).toBeGreaterThan(most);
        expect(Number(enough)).toBeLessThanOrEqual(most * 1.2 + 1);
        expect(typeof parseUsd(enough)).toBe('object');
      }),
    );
  });

  test("is for each agent what that agent's own row asks for", () => {
    const spends = { helper: [500, '500'], summarizer: [10, '10'], 'agent-7': [100, '90'] } as const;
    expect(amounts(facing(spends, 'summarizer', 'agent-7'))).toEqual({
      summarizer: '12.00',
      'agent-7': '120.00',
    });
  });

  test('has the headroom of the runbook', () => {
    const generous = AEGIS_YAML.replace('signal: agent-spend\n    permanent', (text) =>
      text.replace('\n', '\n    headroom: 2\n'),
    );
    const runbook = parseRunbook(generous, 'my.yaml');
    expect(runbook.remedies['raise-cap']?.headroom).toBe(2);
    expect(amounts(facing({ 'agent-7': [100.4, '100'] }, 'agent-7'), runbook)).toEqual({
      'agent-7': '201.00',
    });
  });

  // Known defect: 1 is a headroom that the runbook may have, and then the cap that is spent is proposed again.
  test('is above what is spent, however small the headroom', () => {
    const { 'raise-cap': raise } = aegis.remedies;
    const tight: Runbook = {
      ...aegis,
      remedies: { ...aegis.remedies, 'raise-cap': raise && { ...raise, headroom: 1 } },
    };
    expect(amounts(facing({ 'agent-7': [100, '100.00'] }, 'agent-7'), tight)).toEqual({
      'agent-7': '101.00',
    });
  });

  test('is not guessed: without the row the step is one by hand, and looking is still a command', () => {
    const one = facing({ other: [9, '9'] }, 'agent-7');
    expect(amounts(one)).toBeNull();
    expect(commands(one)).toEqual([['ratelimit', 'caps', 'agent-7', ...REACH]]);
    const blind = factsOf({ 'agent-spend': unknown('timeout', 'no answer') });
    expect(amounts({ finding: one.finding, facts: blind })).toBeNull();
  });

  test('leaves out only the agents without a row', () => {
    const one = facing({ helper: [20, '20'] }, 'agent-7', 'helper');
    expect(amounts(one)).toEqual({ helper: '24.00' });
    expect(commands(one).map((argv) => argv.slice(1, 3).join(' '))).toEqual([
      ...['caps agent-7', 'caps helper', 'raise-cap helper'],
    ]);
  });

  test('is not asked of a runbook that cannot raise caps', () => {
    const without: Runbook = { ...aegis, remedies: { ...aegis.remedies, 'raise-cap': null } };
    expect(amounts(facing({ 'agent-7': [9, '9'] }, 'agent-7'), without)).toBeNull();
  });
});

describe('nothing but checked ids enters a command', () => {
  /** Every command there may be, but for its subject, its amount and what reaches the system. */
  const COMMANDS: Record<string, { kind: string; rest: string }> = {
    'block-ip': { kind: 'ip', rest: '--ttl 24h --reason credential_stuffing' },
    caps: { kind: 'agent', rest: '' },
    'raise-cap': { kind: 'agent', rest: '--to USD --reason cost_cap_reached' },
  };

  function checkCommands(one: Found): void {
    for (const argv of commands(one)) {
      expect(argv.slice(-REACH.length)).toEqual(REACH);
      const [program, name = '', subject = '', ...rest] = argv.slice(0, -REACH.length);
      const { kind, rest: expected } = COMMANDS[name] ?? {};
      expect(program).toBe('ratelimit');
      expect(rest.map((word) => (/^\d{1,20}\.00$/.test(word) ? 'USD' : word)).join(' ')).toBe(expected);
      expect(one.finding.subjects).toContainEqual(expect.objectContaining({ kind, id: subject }));
      if (kind === 'ip') expect(isAddress(subject)).toBe(true);
      else expect(subject).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
    }
  }

  test('whoever made the finding', () => {
    const ids = fc.oneof(hostile, fc.constantFrom('1\r\nFLUSHALL', '203.0.113.9 --yes', '0.0.0.0/0'));
    const findings = [single({ '203.0.113.42': 900 }).finding, spent({ 'agent-7': [9, '9'] }).finding];
    fc.assert(
      fc.property(ids, fc.constantFrom('ip', 'agent'), fc.constantFrom(...findings), (id, kind, finding) => {
        const subjects = [{ kind, id, value: 900, signal: 'auth-failures-by-ip' }];
        const facts = factsOf({ 'agent-spend': agents([[id, [9, '9']]]) });
        checkCommands({ finding: { ...finding, subjects }, facts });
      }),
    );
  });

  // Known defect: an agent named `--yes` or `-q` is not the agent of the command any more, but a flag of it.
  test('and none that would be read as a flag', () => {
    for (const id of ['--yes', '--help', '-q', '--']) {
      expect(commands(spent([[id, [9, '9']]]))).toEqual([]);
    }
  });

  test('whatever the counters are called', () => {
    const ids = fc.oneof(
      hostile,
      fc.nat(40).map(address),
      fc.nat(40).map((n) => `${address(n)}\n`),
    );
    const failures = fc.uniqueArray(fc.tuple(ids, fc.integer({ min: 20, max: 900 })), {
      minLength: 1,
      maxLength: 6,
      selector: ([id]) => id,
    });
    fc.assert(
      fc.property(failures, (list) => {
        const facts = factsOf({ 'auth-failures-by-ip': counters(list) });
        for (const finding of judge(facts, aegis).findings) checkCommands({ finding, facts });
      }),
    );
  });

  test('whatever the agents are called', () => {
    const ids = fc.oneof(
      hostile,
      fc.stringMatching(/^[A-Za-z0-9_-]{1,130}$/),
      fc.constantFrom('{subject}', '{enough}', '{yyyymmdd}', '$&', '..', '__proto__', 'constructor'),
    );
    const spends = fc
      .uniqueArray(ids, { minLength: 1, maxLength: 6 })
      .map((list) => list.map((id) => [id, [9, '9']] as const));
    fc.assert(
      fc.property(spends, (list) => {
        const facts = factsOf({ 'agent-spend': agents(list) });
        for (const finding of judge(facts, aegis).findings) checkCommands({ finding, facts });
      }),
    );
  });
});
