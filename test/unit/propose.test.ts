import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { propose, type Remedy } from '../../src/remedies/propose.ts';
import { isAddress } from '../../src/values/address.ts';
import type { Finding } from '../../src/verdict/types.ts';
import { hostile } from '../support/arbitrary-evidence.ts';
import { address, aegis, agents, counters, crowd, rejects } from '../support/evidence.ts';
import { findingOf, triage } from '../support/triage.ts';

const REACH = { redis: ['-u', 'redis://127.0.0.1:6379'], yyyymmdd: '20260529' };

function proposalsFor(finding: Finding): Remedy[] {
  const category = aegis.categories.find(({ id }) => id === finding.category);
  if (!category) throw new Error(`no category ${finding.category}`);
  return propose(finding, category, aegis, REACH);
}
const commands = (finding: Finding) =>
  proposalsFor(finding).flatMap(({ argv }) => (argv === null ? [] : [argv]));

const single = (failures: Parameters<typeof counters>[0]) =>
  findingOf(triage({ 'auth-failures-by-ip': counters(failures) }), 'single-ip-credential-stuffing');
const spent = (spends: Parameters<typeof agents>[0]) =>
  findingOf(triage({ 'agent-spend': agents(spends) }), 'agent-over-cost-cap');

describe('the responses of the runbook', () => {
  test('come in its order, each command filled for its subject', () => {
    const proposals = proposalsFor(single({ '2001:db8::42': 900 }));
    expect(proposals.map(({ id, kind }) => [id, kind])).toEqual([
      ['block-ip', 'command'],
      ['load-balancer-deny-list', 'manual'],
    ]);
    expect(proposals[0]?.argv).toEqual([
      ...['redis-cli', '-u', 'redis://127.0.0.1:6379'],
      ...['SET', 'acp:ip_block:2001:db8::42', 'credential_stuffing', 'EX', '86400'],
    ]);
    expect(proposals[1]?.link).toEqual(aegis.links.gateway);
  });

  test('have a command for each of a few subjects, and none for the subjects of another kind', () => {
    expect(commands(single(crowd(4, 300)))).toHaveLength(4);
    const both = {
      'agent-spend': agents({ 'agent-7': [9, '9'] }),
      'rejects-by-tenant': rejects({ acme: { '/execute': 3 } }),
    };
    const inspected = commands(findingOf(triage(both), 'agent-over-cost-cap'));
    expect(inspected.map((argv) => argv.slice(-2))).toEqual([
      ['acp:agent_cost_today:agent-7:20260529', 'acp:agent_cost_cap:agent-7'],
    ]);
  });

  test('spell out ten commands at most', () => {
    const many = Array.from({ length: 19 }, (_, index) => [`agent-${index}`, [9, '9']] as const);
    expect(commands(spent(many))).toHaveLength(10);
  });

  test('stay steps by hand when no subject may enter a command', () => {
    const proposals = proposalsFor(spent([['a b; FLUSHALL', [9, '9']]]));
    expect(proposals.map(({ argv }) => argv)).toEqual([null, null, null]);
    expect(proposals[0]?.id).toBe('inspect-spend');
  });

  test('leave out what a caveat withholds', () => {
    expect(proposalsFor(single({ '10.0.0.5': 900 })).map(({ id }) => id)).toEqual([
      'load-balancer-deny-list',
    ]);
  });
});

describe('nothing but checked ids enters a command', () => {
  const words = new Set([...REACH.redis, 'redis-cli', 'SET', 'MGET', 'credential_stuffing', 'EX', '86400']);
  const KEY =
    /^acp:(?:ip_block:(?<ip>.+)|agent_cost_cap:(?<cap>.+)|agent_cost_today:(?<today>.+):20260529)$/s;

  function checkWords(finding: Finding): void {
    for (const word of commands(finding).flat()) {
      if (words.has(word)) continue;
      const { ip, cap, today } = KEY.exec(word)?.groups ?? {};
      if (ip !== undefined) expect(isAddress(ip)).toBe(true);
      else expect(cap ?? today).toMatch(/^[A-Za-z0-9_-]{1,128}$/);
    }
  }

  test('whoever made the finding', () => {
    const finding = single({ '203.0.113.42': 900 });
    const ids = fc.oneof(hostile, fc.constant('1\r\nFLUSHALL'));
    fc.assert(
      fc.property(ids, fc.constantFrom('ip', 'agent'), (id, kind) => {
        checkWords({ ...finding, subjects: [{ kind, id, value: 900, signal: 'auth-failures-by-ip' }] });
      }),
    );
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
        const verdict = triage({ 'auth-failures-by-ip': counters(list) });
        for (const finding of verdict.findings) checkWords(finding);
      }),
    );
  });

  test('whatever the agents are called', () => {
    const ids = fc.oneof(
      hostile,
      fc.stringMatching(/^[A-Za-z0-9_-]{1,130}$/),
      fc.constantFrom('{subject}', '{yyyymmdd}', '$&', '..'),
    );
    const spends = fc
      .uniqueArray(ids, { minLength: 1, maxLength: 6 })
      .map((list) => list.map((id) => [id, [9, '9']] as const));
    fc.assert(
      fc.property(spends, (list) => {
        for (const finding of triage({ 'agent-spend': agents(list) }).findings) checkWords(finding);
      }),
    );
  });
});
