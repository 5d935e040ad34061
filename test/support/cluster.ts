import { SLOTS, slotOf } from '../../src/signals/redis/slots.ts';
import { type Certificates, makeCertificates } from './certificates.ts';
import { deadPort, temporaryFolder, until } from './processes.ts';
import { harness, type RedisOptions, startRedis, type TestRedis } from './redis.ts';
import type { Command } from './resp.ts';

export interface ClusterOptions extends Omit<RedisOptions, 'tls' | 'unixSocket' | 'sentinel'> {
  /** Masters, among which the slots are divided evenly (3). */
  masters?: number;
  /** Replicas of each master (0). */
  replicas?: number;
  tls?: boolean;
  /** After which a node that does not answer is failing, milliseconds (1,000). */
  nodeTimeoutMs?: number;
  /** Does a replica take over by itself when its master is gone? (true) Else only when it is waited for. */
  failsOver?: boolean;
  /** When part of the slots is not served: does the rest go on? (true, unlike Redis's own default) */
  partial?: boolean;
}

export interface ClusterNode extends TestRedis {
  readonly id: string;
  /** `127.0.0.1:port`. */
  readonly name: string;
  /** Whose replica it was started as; null: a master. */
  readonly master: ClusterNode | null;
}

/** Keys of a slot on its way: those that have arrived, and those that have not set out. */
interface Migration {
  readonly moved: readonly string[];
  readonly left: readonly string[];
  /** Moves the rest, and tells everybody. */
  finish(): Promise<void>;
}

/** A real cluster of this test's own. */
export interface TestCluster {
  /** `cluster://` with all the nodes that it was started with. */
  readonly url: string;
  readonly seeds: readonly { host: string; port: number }[];
  readonly nodes: readonly ClusterNode[];
  readonly masters: readonly ClusterNode[];
  readonly replicas: readonly ClusterNode[];
  /** Undefined unless `tls` was asked for. */
  readonly tls: Certificates | undefined;
  /** Sends commands to the masters of their keys (their second word), in order for each master. */
  load(commands: Iterable<Command>): Promise<void>;
  /** Which master serves a key now. */
  nodeOf(key: string): Promise<ClusterNode>;
  /** Asks the master of a key (the second word) what a piped `redis-cli` would print. */
  cli(...args: string[]): Promise<string>;
  /** Ends a node at once. */
  kill(node: ClusterNode): void;
  /**
   * Waits until a replica has taken the place of a master that was killed, and all that live know it; lets it, where
   * `failsOver` is false.
   */
  waitForFailover(master: ClusterNode): Promise<ClusterNode>;
  /** Makes a replica take its master's place, both living. */
  failover(replica: ClusterNode): Promise<void>;
  /** Moves a slot, or with `leaveHalfway` half of its keys, so that the slot is migrating. */
  migrateSlot(
    slot: number,
    from: ClusterNode,
    to: ClusterNode,
    options?: { leaveHalfway?: boolean },
  ): Promise<Migration>;
  /** Empties every master. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** The slot of a key. */
export const slot = (key: string): number => slotOf(Buffer.from(key));

/** Starts a cluster on free loopback ports and waits until every node agrees on it: about two seconds. */
export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const { masters: masterCount = 3, replicas: replicaCount = 0 } = options;
  const tls = options.tls ? await makeCertificates(await temporaryFolder('cluster-tls')) : undefined;
  const start = (master: ClusterNode | null) => startNode(options, tls, master);
  const masters = await Promise.all(Array.from({ length: masterCount }, () => start(null)));
  const replicas = await Promise.all(
    masters.flatMap((master) => Array.from({ length: replicaCount }, () => start(master))),
  );
  const nodes = [...masters, ...replicas];
  await join(masters, replicas);
  const living = () => nodes.filter((node) => !dead.has(node));
  const dead = new Set<ClusterNode>();
  const nodeOfSlot = async (number: number): Promise<ClusterNode> => {
    const [first] = living();
    const owner = first === undefined ? undefined : (await tableOf(first)).find(({ has }) => has(number));
    const node = nodes.find(({ id }) => id === owner?.id);
    if (node === undefined) throw new Error(`nobody serves slot ${number}`);
    return node;
  };
  const nodeOf = (key: string) => nodeOfSlot(slot(key));
  return {
    url: `cluster${tls ? '+tls' : ''}://${nodes.map(({ name }) => name).join(',')}`,
    seeds: nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
    ...{ nodes, masters, replicas, tls, nodeOf },
    load: async (commands) => {
      const [first] = living();
      if (first === undefined) throw new Error('no node lives');
      const table = (await tableOf(first)).filter(({ isMaster }) => isMaster);
      const parts = new Map<string, Command[]>(table.map(({ id }) => [id, []]));
      for (const command of commands) {
        const number = slotOf(Buffer.from(command[1] ?? ''));
        parts.get(table.find(({ has }) => has(number))?.id ?? '')?.push(command);
      }
      await Promise.all(nodes.map((node) => node.load(parts.get(node.id) ?? [])));
    },
    cli: async (...args) => (await nodeOf(args[1] ?? '')).cli(...args),
    kill: (node) => {
      dead.add(node);
      node.kill();
    },
    waitForFailover: async (master) => {
      const heirs = replicas.filter((node) => node.master === master && !dead.has(node));
      for (const node of heirs) await node.cli('CONFIG', 'SET', 'cluster-replica-no-failover', 'no');
      let heir: ClusterNode | undefined;
      await until(async () => {
        const roles = await Promise.all(heirs.map((node) => node.cli('ROLE')));
        heir = heirs[roles.findIndex((role) => role.startsWith('master'))];
        return heir !== undefined && (await agree(living(), heir));
      }, 'a replica takes over');
      if (heir === undefined) throw new Error('no replica took over');
      return heir;
    },
    failover: async (replica) => {
      await replica.cli('CLUSTER', 'FAILOVER');
      await until(() => agree(living(), replica), 'the replica takes over');
    },
    migrateSlot: (number, from, to, { leaveHalfway = false } = {}) =>
      migrate(number, from, to, leaveHalfway, living),
    flush: async () => {
      await Promise.all(masters.map((node) => node.flush()));
    },
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function startNode(
  options: ClusterOptions,
  tls: Certificates | undefined,
  master: ClusterNode | null,
): Promise<ClusterNode> {
  const { nodeTimeoutMs = 1_000, partial = true, failsOver = true, password, acl, config } = options;
  const busPort = await deadPort();
  const node = await startRedis({
    ...(password === undefined ? {} : { password }),
    ...(acl === undefined ? {} : { acl }),
    ...(tls === undefined ? {} : { tls }),
    config: {
      'cluster-enabled': 'yes',
      'cluster-port': String(busPort),
      'cluster-node-timeout': String(nodeTimeoutMs),
      'cluster-require-full-coverage': partial ? 'no' : 'yes',
      // A replica that was cut off for long may still take over.
      'cluster-replica-validity-factor': '0',
      'cluster-replica-no-failover': failsOver ? 'no' : 'yes',
      'repl-diskless-sync-delay': '0',
      'repl-ping-replica-period': '1',
      masteruser: harness.user,
      masterauth: harness.password,
      ...(tls && { 'tls-cluster': 'yes', 'tls-replication': 'yes' }),
      ...config,
    },
  });
  const id = await node.cli('CLUSTER', 'MYID');
  buses.set(id, busPort);
  return Object.assign(node, { id, name: `127.0.0.1:${node.port}`, master });
}

/** Where each node's bus listens. */
const buses = new Map<string, number>();

async function join(masters: readonly ClusterNode[], replicas: readonly ClusterNode[]): Promise<void> {
  const nodes = [...masters, ...replicas];
  const bound = (index: number) => Math.round((index * SLOTS) / masters.length);
  await Promise.all(
    nodes.map(async (node, index) => {
      await node.cli('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
      if (index < masters.length) {
        const [first, last] = [bound(index), bound(index + 1) - 1];
        await node.cli('CLUSTER', 'ADDSLOTSRANGE', String(first), String(last));
      }
      // Everybody meets everybody: gossip would take its time.
      for (const { id, port } of nodes.slice(index + 1)) {
        await node.cli('CLUSTER', 'MEET', '127.0.0.1', String(port), String(buses.get(id)));
      }
    }),
  );
  const all = (check: (node: ClusterNode) => Promise<boolean>, what: string) =>
    until(async () => (await Promise.all(nodes.map(check))).every(Boolean), what);
  await all(async (node) => (await tableOf(node)).length === nodes.length, 'the nodes know one another');
  await Promise.all(
    replicas.map((node) =>
      until(
        async () => (await node.cli('CLUSTER', 'REPLICATE', node.master?.id ?? '')) === 'OK',
        'a replica follows its master',
      ),
    ),
  );
  await all(async (node) => {
    const info = await node.cli('CLUSTER', 'INFO');
    if (!info.includes('cluster_state:ok')) return false;
    // A replica is only told of once its first offset has gone round.
    const told = (await node.cli('CLUSTER', 'SLOTS')).split('\n');
    if (!nodes.every(({ id }) => told.includes(id))) return false;
    const replication = node.master === null ? '' : await node.cli('INFO', 'replication');
    return node.master === null || replication.includes('master_link_status:up');
  }, 'the cluster is well');
}

interface Row {
  readonly id: string;
  readonly isMaster: boolean;
  has(slot: number): boolean;
}

/** CLUSTER NODES as one of them sees it, without those that are still being met. */
async function tableOf(node: ClusterNode): Promise<Row[]> {
  const lines = (await node.cli('CLUSTER', 'NODES')).trim().split('\n');
  return lines.flatMap((line) => {
    const [id = '', , flags = '', , , , , , ...ranges] = line.split(' ');
    if (/handshake|noaddr/.test(flags)) return [];
    const spans = ranges
      .filter((range) => !range.startsWith('['))
      .map((range) => range.split('-').map(Number) as [number, number?]);
    const has = (number: number) => spans.some(([first, last = first]) => number >= first && number <= last);
    return [{ id, isMaster: flags.split(',').includes('master') && !/\bfail\b/.test(flags), has }];
  });
}

/** Do all that live take this node for a master with slots, and the cluster for well? */
async function agree(living: readonly ClusterNode[], heir: ClusterNode): Promise<boolean> {
  const seen = await Promise.all(
    living.map(async (node) => {
      const info = await node.cli('CLUSTER', 'INFO');
      const row = (await tableOf(node)).find(({ id }) => id === heir.id);
      const hasSlots = Array.from({ length: SLOTS }, (_, number) => number).some((number) =>
        row?.has(number),
      );
      return info.includes('cluster_state:ok') && row?.isMaster === true && hasSlots;
    }),
  );
  return seen.every(Boolean);
}

async function migrate(
  number: number,
  from: ClusterNode,
  to: ClusterNode,
  leaveHalfway: boolean,
  living: () => readonly ClusterNode[],
): Promise<Migration> {
  const text = String(number);
  await to.cli('CLUSTER', 'SETSLOT', text, 'IMPORTING', from.id);
  await from.cli('CLUSTER', 'SETSLOT', text, 'MIGRATING', to.id);
  const keys = (await from.cli('CLUSTER', 'GETKEYSINSLOT', text, '100000')).split('\n').filter(Boolean);
  const send = async (some: readonly string[]) => {
    if (some.length === 0) return;
    const login = ['AUTH2', harness.user, harness.password];
    await from.cli('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', ...login, 'KEYS', ...some);
  };
  const half = leaveHalfway ? Math.ceil(keys.length / 2) : keys.length;
  const [moved, left] = [keys.slice(0, half), keys.slice(half)];
  await send(moved);
  const finish = async () => {
    await send(left);
    const others = living().filter((node) => node !== to && node !== from && node.master === null);
    for (const node of [to, from, ...others]) await node.cli('CLUSTER', 'SETSLOT', text, 'NODE', to.id);
  };
  if (!leaveHalfway) await finish();
  return { moved, left, finish };
}
