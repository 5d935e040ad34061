import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { type Certificates, makeCertificates } from './certificates.ts';
import { startService, temporaryFolder } from './processes.ts';
import { type Command, encode, type Reply, ReplyReader } from './resp.ts';

export interface RedisOptions {
  /** `requirepass`. */
  password?: string;
  /** ACL lines without the leading `user`: `reader on >secret ~acp:* +@read`. */
  acl?: string[];
  /** Listen on a Unix socket as well as on the port. */
  unixSocket?: boolean;
  /** Speak TLS only; a client certificate is optional unless `config['tls-auth-clients']` is `yes`. */
  tls?: boolean | Certificates;
  /** Further configuration directives. */
  config?: Record<string, string>;
  /** Run as a sentinel, with these directives (`monitor mymaster ...`). */
  sentinel?: string[];
}

/** A real Redis of this test's own. */
export interface TestRedis {
  /** Holds the password, if there is one. */
  url: string;
  port: number;
  pid: number;
  /** Undefined unless `unixSocket` was asked for. */
  socketPath: string | undefined;
  /** Undefined unless `tls` was asked for. */
  tls: Certificates | undefined;
  /** Sends any number of commands over one connection without waiting; throws on the first error reply. */
  load(commands: Iterable<Command>): Promise<void>;
  /** Sends one command and answers what a piped `redis-cli` would print; throws on an error reply. */
  cli(...args: string[]): Promise<string>;
  /** Ends it at once, as a machine that is gone does; `stop()` is still to be called. */
  kill(): void;
  /** Stops it from answering, while its connections stay; `false` lets it go on. */
  hang(isHung?: boolean): void;
  /** Deletes every key. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** The harness's own account, so that `load` and `cli` work whatever the test does to `default`. */
export const harness = { user: 'test-harness', password: 'test-harness' };

/** Starts a Redis on a free loopback port that persists nothing. */
export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const folder = await temporaryFolder('redis');
  const tls = options.tls === true ? await makeCertificates(folder) : options.tls || undefined;
  const socketPath = options.unixSocket ? join(folder, 'redis.sock') : undefined;
  const talk = (port: number, commands: Iterable<Command>) => exchange(() => open(port, tls), commands);

  const service = await startService({
    name: 'redis',
    folder,
    async command(port) {
      const file = join(folder, 'redis.conf');
      await writeFile(file, configuration(port, folder, options, tls, socketPath));
      return ['redis-server', file, ...(options.sentinel === undefined ? [] : ['--sentinel'])];
    },
    async ready(port, pid) {
      const info = await talk(port, [['INFO', 'server']]);
      return String(info).includes(`process_id:${pid}\r\n`);
    },
  });

  const { port, pid } = service;
  const secret = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`;
  return {
    ...service,
    url: `${tls ? 'rediss' : 'redis'}://${secret}127.0.0.1:${port}`,
    socketPath,
    tls,
    load: async (commands) => {
      await talk(port, commands);
    },
    cli: async (...args) => print(await talk(port, [args])),
    kill: () => void process.kill(pid, 'SIGKILL'),
    hang: (isHung = true) => void process.kill(pid, isHung ? 'SIGSTOP' : 'SIGCONT'),
    flush: async () => {
      await talk(port, [['FLUSHALL']]);
    },
  };
}

function configuration(
  port: number,
  folder: string,
  options: RedisOptions,
  tls: Certificates | undefined,
  socketPath: string | undefined,
): string {
  const directives: Record<string, string> = {
    bind: '127.0.0.1',
    port: String(tls ? 0 : port),
    dir: folder,
    save: '',
    appendonly: 'no',
    loglevel: 'warning',
    ...(options.password === undefined ? {} : { requirepass: JSON.stringify(options.password) }),
    ...(socketPath === undefined ? {} : { unixsocket: socketPath }),
    ...(tls && {
      'tls-port': String(port),
      'tls-ca-cert-file': tls.ca,
      'tls-cert-file': tls.server.cert,
      'tls-key-file': tls.server.key,
      'tls-auth-clients': 'optional',
    }),
    ...options.config,
  };
  const lines = Object.entries(directives).map(([key, value]) => `${key} ${value === '' ? '""' : value}`);
  const users = [`${harness.user} on >${harness.password} ~* &* +@all`, ...(options.acl ?? [])];
  const sentinel = (options.sentinel ?? []).map((line) => `sentinel ${line}`);
  return `${[...lines, ...sentinel, ...users.map((user) => `user ${user}`)].join('\n')}\n`;
}

async function open(port: number, tls: Certificates | undefined): Promise<Socket> {
  const socket = tls
    ? connectTls({
        ...{ host: '127.0.0.1', port, ca: readFileSync(tls.ca) },
        ...{ cert: readFileSync(tls.client.cert), key: readFileSync(tls.client.key) },
      })
    : connect({ host: '127.0.0.1', port });
  await once(socket, tls ? 'secureConnect' : 'connect');
  return socket;
}

/** Sends everything as fast as the socket takes it; returns the last reply. */
async function exchange(connection: () => Promise<Socket>, commands: Iterable<Command>): Promise<Reply> {
  const socket = await connection();
  const reader = new ReplyReader();
  const state = { sent: 0, answered: 0, allSent: false, last: null as Reply };
  try {
    await new Promise<void>((resolve, reject) => {
      const settle = () => state.allSent && state.answered === state.sent && resolve();
      socket.on('data', (chunk: Buffer) => {
        for (const reply of reader.push(chunk)) {
          if (reply instanceof Error) reject(new Error(`command ${state.answered}: ${reply.message}`));
          state.answered += 1;
          state.last = reply;
        }
        settle();
      });
      socket.once('error', reject);
      socket.once('close', () => reject(new Error(`closed after ${state.answered} of ${state.sent}`)));
      const write = async () => {
        const login: Command = ['AUTH', harness.user, harness.password];
        const count = () => {
          state.sent += 1;
        };
        for (const chunk of encode(chain(login, commands), count)) {
          if (!socket.write(chunk)) await once(socket, 'drain');
        }
        state.allSent = true;
        settle();
      };
      write().catch(reject);
    });
    return state.last;
  } finally {
    socket.destroy();
  }
}

function* chain(first: Command, rest: Iterable<Command>): Generator<Command> {
  yield first;
  yield* rest;
}

function print(reply: Reply): string {
  return Array.isArray(reply) ? reply.map(print).join('\n') : String(reply ?? '');
}
