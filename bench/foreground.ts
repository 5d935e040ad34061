import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Latencies of another client of the server, milliseconds. */
export interface Latencies {
  readonly samples: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** A client of its own process that asks a GET about every millisecond until its stdin ends, and tells how long each took. */
const CLIENT = `
const socket = require('node:net').connect(Number(process.argv[1]), '127.0.0.1');
const times = [];
let sentAt = 0;
let isOver = false;
const ask = () => {
  if (isOver) return;
  sentAt = performance.now();
  socket.write('*2\\r\\n$3\\r\\nGET\\r\\n$9\\r\\nsession:1\\r\\n');
};
socket.setNoDelay(true);
socket.on('connect', ask);
socket.on('data', () => {
  times.push(performance.now() - sentAt);
  setTimeout(ask, 1);
});
process.stdin.resume().on('end', () => {
  isOver = true;
  process.stdout.write(JSON.stringify(times));
  socket.destroy();
});
`;

/** How long another client waits for its answers while something goes on. */
export async function latenciesDuring(port: number, work: () => Promise<unknown>): Promise<Latencies> {
  const client = spawn(process.execPath, ['-e', CLIENT, String(port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const output = text(client.stdout);
  try {
    await work();
  } finally {
    client.stdin.end();
  }
  const times: number[] = JSON.parse(await output);
  times.sort((a, b) => a - b);
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return { samples: times.length, p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}
