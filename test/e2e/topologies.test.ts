import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { aclLine } from '../../src/doctor/acl.ts';
import { needsOf } from '../../src/doctor/needs.ts';
import { slot, startCluster } from '../support/cluster.ts';
import { aegis } from '../support/evidence.ts';
import { makeOperator, type Operator } from '../support/operator.ts';
import { deadPort, stopEverything, temporaryFolder } from '../support/processes.ts';
import { runInTerminal } from '../support/program.ts';
import { startSentinels } from '../support/sentinels.ts';

afterAll(stopEverything);

const IP = '203.0.113.42';
const KEY = `acp:ip_block:${IP}`;
const NOBODY = ['--prometheus-url', 'http://127.0.0.1:9'];
const CAP = 'acp:agent_cost_cap:a1';

/** An operator whose configuration file has one context. */
async function operatorWith(redis: string): Promise<Operator> {
  const home = await temporaryFolder('operator');
  await mkdir(join(home, 'config', 'ratelimit'), { recursive: true });
  const port = await deadPort();
  const context = `redis: ${redis}\n    prometheus: http://127.0.0.1:${port}\n    journal-stream: ratelimit:journal`;
  await writeFile(
    join(home, 'config', 'ratelimit', 'config.yaml'),
    `current-context: prod\ncontexts:\n  prod:\n    ${context}\n`,
  );
  return makeOperator([], home);
}

const listOf = (nodes: readonly { port: number }[]) =>
  nodes.map(({ port }) => `"127.0.0.1:${port}"`).join(', ');
const json = async (operator: Operator, ...args: string[]) => {
  const { code, stdout } = await operator.run([...args, '-o', 'json']);
  return { code, document: JSON.parse(stdout) };
};
const blockedIn = async (operator: Operator): Promise<string[]> => {
  const { code, document } = await json(operator, 'blocks');
  expect(code).toBe(0);
  return document.blocks.map(({ ip }: { ip: string }) => ip);
};

describe('a cluster', () => {
  test('every remedy is done on the nodes that hold its keys, listed, and undone', async () => {
    const cluster = await startCluster();
    await cluster.load([['SET', CAP, '100.00']]);
    const operator = await operatorWith(`{ cluster: [${listOf(cluster.masters.slice(0, 1))}] }`);

    const block = await operator.remedy(['block-ip', '203.0.113.32/28', '--reason', 'stuffing']);
    expect(block.code).toBe(0);
    expect(block.document).toMatchObject({
      status: 'applied',
      undo: expect.stringContaining('--context prod'),
    });
    expect(block.document.changes).toHaveLength(16);
    const holders = new Set(
      await Promise.all(block.document.changes.map(({ target }) => cluster.nodeOf(target))),
    );
    expect(holders.size).toBe(3);
    expect(await blockedIn(operator)).toHaveLength(16);
    expect(await cluster.cli('GET', KEY)).toBe('stuffing');

    const unblock = await operator.remedy(['unblock-ip', IP, '--reason', 'mistake']);
    expect(unblock.document).toMatchObject({ status: 'applied' });
    expect(await blockedIn(operator)).toHaveLength(15);

    const raise = await operator.remedy(['raise-cap', 'a1', '--to', '150.00', '--reason', 'agreed']);
    expect(raise.document).toMatchObject({ status: 'applied' });
    expect((await json(operator, 'caps')).document.caps).toMatchObject([{ agent: 'a1', capUsd: 150 }]);

    // The slot of the cap moves before it is taken back.
    const from = await cluster.nodeOf(CAP);
    const to = cluster.masters.find((node) => node !== from) ?? from;
    await cluster.migrateSlot(slot(CAP), from, to);
    const undo = await operator.remedy(['undo', raise.document.id ?? '', '--reason', 'no']);
    expect(undo.document).toMatchObject({ status: 'applied' });
    expect(await cluster.cli('GET', CAP)).toBe('100.00');

    const { entries, warnings } = await operator.journal();
    expect(warnings).toEqual([]);
    expect(entries).toHaveLength(4);
    expect(Number(await cluster.cli('XLEN', 'ratelimit:journal'))).toBeGreaterThan(7);
  });

  test('a node that is down is a problem by its name, and what it holds is never zero', async () => {
    const cluster = await startCluster();
    const [gone] = cluster.masters;
    if (gone === undefined) throw new Error('no master');
    cluster.kill(gone);
    const operator = await operatorWith(`{ cluster: [${listOf(cluster.masters)}] }`);
    const { document: doctor } = await json(operator, 'doctor');
    const lost = doctor.checks.filter(({ code }: { code: string }) => code === 'server-lost');
    expect(lost).toMatchObject([{ level: 'problem', text: expect.stringContaining(gone.name) }]);
    const { code, stderr } = await operator.run(['blocks']);
    expect(code).toBe(1);
    expect(stderr).toContain(`not all keys can be listed: redis://${gone.name}: connection refused`);
  });

  test('its two users may do what is needed and nothing is refused, over TLS too', async () => {
    const needs = needsOf(aegis, { journalStream: 'ratelimit:journal', db: 0, isCluster: true });
    const userOf = (role: 'triage' | 'operator') =>
      aclLine(role, needs).replace('ACL SETUSER ', '').replace(' reset', '').replace('PASSWORD', 'pw');
    const cluster = await startCluster({
      ...{ replicas: 1, tls: true, acl: [userOf('triage'), userOf('operator')] },
      config: { 'tls-auth-clients': 'yes' },
    });
    await cluster.load([
      ['SET', CAP, '100.00'],
      ['SET', 'acp:auth_fail:192.0.2.1', '3', 'EX', '300'],
    ]);
    const { tls } = cluster;
    const files = `{ ca-file: ${tls?.ca}, cert-file: ${tls?.client.cert}, key-file: ${tls?.client.key} }`;
    const as = async (user: string, more = '') => {
      const secret = join(await temporaryFolder('secret'), 'pw');
      await writeFile(secret, 'pw');
      const nodes = listOf(cluster.masters.slice(0, 1));
      return operatorWith(
        `{ cluster: [${nodes}], username: ${user}, password-file: ${secret}, tls: ${files}${more} }`,
      );
    };
    for (const one of [await as('triage'), await as('triage', ', read: replica')]) {
      const { document } = await json(one, 'triage');
      const { signals } = document as { signals: Record<string, { status: string; rows: { id: string }[] }> };
      expect(signals['auth-failures-by-ip']).toMatchObject({
        status: 'measured',
        rows: [{ id: '192.0.2.1' }],
      });
    }
    const operator = await as('operator');
    for (const words of [
      ['block-ip', '203.0.113.32/28'],
      ['unblock-ip', IP],
      ['raise-cap', 'a1', '--to', '150.00'],
    ]) {
      const { document } = await operator.remedy([...words, '--reason', 'x']);
      expect(document.status, words.join(' ')).toBe('applied');
    }
    const { entries } = await operator.journal();
    const undo = await operator.remedy(['undo', entries[0]?.id ?? '', '--reason', 'x']);
    expect(undo.document.status).toBe('applied');
    await json(operator, 'caps');
    await json(operator, 'blocks');
    await json(operator, 'doctor');
    expect(await Promise.all(cluster.nodes.map((node) => node.cli('ACL', 'LOG')))).toEqual(
      cluster.nodes.map(() => ''),
    );
  });

  test('the line for its users names what a cluster needs besides', async () => {
    const operator = await makeOperator(['--redis-url', 'cluster://127.0.0.1:1', ...NOBODY]);
    const { document } = await json(operator, 'doctor', '--acl');
    expect(document.triage).toContain(' +cluster|slots +asking +readonly ');
    expect(document.sentinel).toBeNull();
  });
});

describe('sentinels', () => {
  test('a failover between the preview and the answer: what was agreed to is done on the new primary', async () => {
    const setup = await startSentinels({ sentinels: 3, quorum: 2 });
    const reach = ['--redis-url', setup.url, ...NOBODY];
    const operator = await makeOperator(reach);
    const { code, output } = await runInTerminal(
      ['block-ip', IP, '--reason', 'stuffing', '--verify', '0', ...reach],
      {
        home: operator.home,
        answers: [
          {
            after: `block-ip ${IP}?`,
            first: async () => {
              setup.killPrimary();
              await setup.waitForFailover();
            },
            type: 'y',
          },
        ],
      },
    );
    expect(stripVTControlCharacters(output)).toContain('applied');
    expect(code).toBe(0);
    const heir = await setup.waitForFailover();
    expect(await heir.cli('GET', KEY)).toBe('stuffing');

    expect(await blockedIn(operator)).toEqual([IP]);
    const { entries } = await operator.journal();
    const undo = await operator.remedy(['undo', entries[0]?.id ?? '', '--reason', 'over']);
    expect(undo.document).toMatchObject({ status: 'applied' });
    expect(await heir.cli('EXISTS', KEY)).toBe('0');
  });

  test('a context spells them out; the doctor names the primary, and the line for their own user', async () => {
    const setup = await startSentinels();
    const operator = await operatorWith(
      `{ sentinel: { name: mymaster, nodes: [${listOf(setup.sentinels)}] } }`,
    );
    await setup.primary.load([['SET', CAP, '100.00']]);
    const raise = await operator.remedy(['raise-cap', 'a1', '--by', '20%', '--reason', 'agreed']);
    expect(raise.document).toMatchObject({ status: 'applied', warnings: [] });
    expect(await setup.primary.cli('GET', CAP)).toBe('120.00');
    const { document } = await json(operator, 'doctor');
    const found = document.checks.find(({ code }: { code: string }) => code === 'servers-found');
    expect(found.text).toBe(`the primary that sentinels name is 127.0.0.1:${setup.primary.port}`);
    expect((await json(operator, 'doctor', '--acl')).document.sentinel).toContain(
      '+sentinel|get-master-addr-by-name +sentinel|replicas',
    );
    const shown = await operator.run(['config', 'show']);
    expect(shown.stdout).toContain(setup.url);
  });

  test('the hosts of the servers that they name are refused as addresses to block', async () => {
    const setup = await startSentinels();
    const operator = await makeOperator([
      '--redis-url',
      setup.url.replaceAll('127.0.0.1', 'localhost'),
      ...NOBODY,
    ]);
    const { document } = await operator.remedy([
      'block-ip',
      '127.0.0.1',
      '--force-loopback',
      '--reason',
      'x',
    ]);
    expect(document.status).toBe('refused');
    expect(document.refusals.map(({ message }) => message)).toContain('127.0.0.1: the address of Redis');
  });
});
