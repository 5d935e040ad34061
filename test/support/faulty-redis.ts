import { connect, createServer, type Socket } from 'node:net';
import { onStop } from './processes.ts';

interface ProxyFault {
  /** The real Redis. */
  port: number;
  /** Added to every chunk of a reply. */
  latencyMs?: number;
  /** Cuts the connection in the middle of a reply. */
  cut?: {
    /** Counts from the command that holds this text (`SET acp:`); from the connection's start when absent. */
    after?: string;
    /** Bytes of the reply that still get through (0). */
    replyBytes?: number;
    /** How many connections are cut before the rest get through whole (all). */
    times?: number;
  };
}

/** What the server does with a connection. */
type RedisFault =
  | 'silent'
  /** Closes once it was sent this many bytes; 0 is at once. */
  | { closeAfterBytes: number }
  | { proxy: ProxyFault };

interface FaultyRedis {
  url: string;
  port: number;
  /** How often somebody connected. */
  connections(): number;
  stop(): Promise<void>;
}

/** Starts a TCP server on loopback that is a broken Redis, or a worse way to a real one. @param at the port; 0 is a free one */
export async function startFaultyRedis(fault: RedisFault, at = 0): Promise<FaultyRedis> {
  const open = new Set<Socket>();
  const keep = (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {}); // a client that hangs up is no news
    socket.on('close', () => open.delete(socket));
  };
  let connections = 0;
  const cuts = { done: 0 };
  const server = createServer((client) => {
    connections += 1;
    keep(client);
    if (fault === 'silent') client.resume();
    else if ('proxy' in fault) keep(proxy(client, fault.proxy, cuts));
    else closeAfter(client, fault.closeAfterBytes);
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject).listen(at, '127.0.0.1', () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : 0);
    });
  });
  const stop = onStop(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `redis://127.0.0.1:${port}`, port, connections: () => connections, stop };
}

function closeAfter(client: Socket, bytes: number): void {
  let got = 0;
  if (bytes === 0) client.destroy();
  client.on('data', (chunk: Buffer) => {
    got += chunk.length;
    if (got >= bytes) client.destroy();
  });
}

function proxy(client: Socket, { port, latencyMs = 0, cut }: ProxyFault, cuts: { done: number }): Socket {
  const server = connect({ host: '127.0.0.1', port });
  let sent = '';
  let left = cut?.replyBytes ?? 0;
  let broken = false;
  let armed = cut !== undefined && cut.after === undefined;

  client.on('data', (chunk: Buffer) => {
    // The protocol puts `\r\n$3\r\n` between the words of a command.
    sent = (sent + chunk.toString('latin1')).slice(-65_536);
    if (cut?.after !== undefined && words(sent).includes(cut.after)) armed = true;
    server.write(chunk);
  });
  server.on('data', (chunk: Buffer) => {
    if (broken) return;
    const cutHere = cut !== undefined && armed && cuts.done < (cut.times ?? Number.POSITIVE_INFINITY);
    const pass = cutHere ? chunk.subarray(0, left) : chunk;
    if (cutHere) left -= pass.length;
    broken = cutHere && pass.length < chunk.length;
    if (broken) cuts.done += 1;
    const last = broken;
    const forward = () => {
      client.write(pass);
      if (last) client.end(() => server.destroy());
    };
    if (latencyMs > 0) setTimeout(forward, latencyMs);
    else forward();
  });
  client.on('close', () => server.destroy());
  server.on('close', () => setTimeout(() => client.destroy(), latencyMs));
  return server;
}

/** The words of the commands, separated by one blank. */
function words(protocol: string): string {
  return protocol.replaceAll(/\r\n(?:[$*]\d+\r\n)*/g, ' ');
}
