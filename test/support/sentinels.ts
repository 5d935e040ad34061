import { type Certificates, makeCertificates } from './certificates.ts';
import { temporaryFolder, until } from './processes.ts';
import { harness, type RedisOptions, startRedis, type TestRedis } from './redis.ts';

export interface SentinelOptions extends Omit<RedisOptions, 'tls' | 'unixSocket' | 'sentinel'> {
  /** Replicas of the primary (1). */
  replicas?: number;
  /** How many sentinels (1), and how many must agree that the primary is down (1). */
  sentinels?: number;
  quorum?: number;
  /** `requirepass` of the sentinels themselves. */
  sentinelPassword?: string;
  /** ACL lines of the sentinels themselves, without the leading `user`. */
  sentinelAcl?: string[];
  tls?: boolean;
  /** Do they replace a primary that is gone by themselves? (true) Else only when it is waited for. */
  failsOver?: boolean;
}

/** A primary, its replicas, and the sentinels that watch them. */
export interface TestSentinels {
  /** `sentinel://` with all the sentinels. */
  readonly url: string;
  /** What the sentinels call the primary. */
  readonly name: string;
  readonly sentinels: readonly TestRedis[];
  /** As started; after a failover another one is the primary. */
  readonly primary: TestRedis;
  readonly replicas: readonly TestRedis[];
  /** Undefined unless `tls` was asked for. */
  readonly tls: Certificates | undefined;
  /** Ends the primary at once. */
  killPrimary(): void;
  /**
   * Waits until all sentinels that live name another primary than the first, and that one is; lets them, where `failsOver` is
   * false.
   */
  waitForFailover(): Promise<TestRedis>;
  stop(): Promise<void>;
}

const NAME = 'mymaster';
/** After which a primary that does not answer is down. */
const SOON_MS = 500;
const NEVER_MS = 3_600_000;

/** Starts them on free loopback ports and waits until the sentinels know one another and the replicas. */
export async function startSentinels(options: SentinelOptions = {}): Promise<TestSentinels> {
  const { replicas: replicaCount = 1, sentinels: count = 1, quorum = 1, sentinelPassword } = options;
  const { password, acl, failsOver = true } = options;
  const tls = options.tls ? await makeCertificates(await temporaryFolder('sentinel-tls')) : undefined;
  const secured = tls ? { tls } : {};
  const shared: Record<string, string> = {
    'repl-diskless-sync-delay': '0',
    'repl-ping-replica-period': '1',
    masteruser: harness.user,
    masterauth: harness.password,
    ...(tls && { 'tls-replication': 'yes' }),
    ...options.config,
  };
  const plain = { ...(password === undefined ? {} : { password }), ...(acl === undefined ? {} : { acl }) };
  const primary = await startRedis({ ...plain, ...secured, config: shared });
  const replicas = await Promise.all(
    Array.from({ length: replicaCount }, () =>
      startRedis({ ...plain, ...secured, config: { ...shared, replicaof: `127.0.0.1 ${primary.port}` } }),
    ),
  );
  await until(
    async () => (await primary.cli('INFO', 'replication')).split('state=online').length > replicaCount,
    'the replicas follow',
  );
  const sentinels = await Promise.all(
    Array.from({ length: count }, () =>
      startRedis({
        ...secured,
        ...(sentinelPassword === undefined ? {} : { password: sentinelPassword }),
        ...(options.sentinelAcl === undefined ? {} : { acl: options.sentinelAcl }),
        ...(tls ? { config: { 'tls-replication': 'yes' } } : {}),
        sentinel: [
          `monitor ${NAME} 127.0.0.1 ${primary.port} ${quorum}`,
          `down-after-milliseconds ${NAME} ${failsOver ? SOON_MS : NEVER_MS}`,
          `failover-timeout ${NAME} 3000`,
          `auth-user ${NAME} ${harness.user}`,
          `auth-pass ${NAME} ${harness.password}`,
          ...(sentinelPassword === undefined ? [] : [`sentinel-pass ${sentinelPassword}`]),
        ],
      }),
    ),
  );
  await until(async () => {
    const seen = await Promise.all(sentinels.map((one) => one.cli('SENTINEL', 'MASTER', NAME)));
    return seen.every(
      (text) =>
        text.includes(`num-slaves\n${replicaCount}\n`) &&
        text.includes(`num-other-sentinels\n${count - 1}\n`),
    );
  }, 'the sentinels see everybody');
  return {
    url: `sentinel${tls ? '+tls' : ''}://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${NAME}`,
    ...{ name: NAME, sentinels, primary, replicas, tls },
    killPrimary: () => primary.kill(),
    waitForFailover: async () => {
      const soon = ['SENTINEL', 'SET', NAME, 'down-after-milliseconds', String(SOON_MS)];
      if (!failsOver) await Promise.all(sentinels.map((one) => one.cli(...soon).catch(() => null)));
      let heir: TestRedis | undefined;
      await until(async () => {
        const named = await Promise.all(
          sentinels.map((one) => one.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME).catch(() => null)),
        );
        const ports = [...new Set(named.filter((text) => text !== null).map((text) => text.split('\n')[1]))];
        heir = replicas.find(({ port }) => ports.length === 1 && ports[0] === String(port));
        return heir !== undefined && (await heir.cli('ROLE')).startsWith('master');
      }, 'a replica takes over');
      if (heir === undefined) throw new Error('no replica took over');
      return heir;
    },
    stop: async () => {
      await Promise.all([...sentinels, ...replicas, primary].map((one) => one.stop()));
    },
  };
}
