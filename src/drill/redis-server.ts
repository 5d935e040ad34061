import { createServer, type Socket } from 'node:net';
import { listen } from './listen.ts';
import { Commands, encodeReply, ProtocolError, RedisError, type Reply } from './resp.ts';

export interface Listening {
  readonly port: number;
  /** Hangs up on everybody. */
  close(): void;
}

/** A Redis to whoever connects, on loopback: real clients talk to it. @param answer answers one command */
export async function startRedisServer(answer: (words: readonly Buffer[]) => Reply): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const commands = new Commands();
    socket.on('data', (chunk: Buffer) => {
      try {
        const asked = commands.push(chunk).filter((words) => words.length > 0);
        socket.write(Buffer.concat(asked.map((words) => encodeReply(answer(words)))));
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        socket.end(encodeReply(new RedisError(`ERR Protocol error: ${error.message}`)));
      }
    });
    // Whoever hangs up in the middle of an answer has gone, and nothing else.
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await listen(server);
  return {
    port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
