import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export interface Run {
  readonly ms: number;
  readonly peakKib: number;
  readonly stdout: string;
}

/** Runs a command to its end: wall time, peak resident memory as Linux accounts it, and what it printed. */
export function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    let peakKib = 0;
    const watch = setInterval(async () => {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
      peakKib = Math.max(peakKib, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    }, 4);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', () => {
      clearInterval(watch);
      resolve({ ms: performance.now() - startedAt, peakKib, stdout: Buffer.concat(chunks).toString() });
    });
  });
}

export const ms = (value: number): string => `${value.toFixed(0)} ms`;

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Runs both in turn, A B A B, after a warm-up each: machines drift, pairs do not. Medians, and the median of the pairs' ratios. */
export async function paired(a: () => Promise<Run>, b: () => Promise<Run>, runs: number) {
  await a();
  await b();
  const pairs: (readonly [Run, Run])[] = [];
  for (let i = 0; i < runs; i++) pairs.push([await a(), await b()]);
  return {
    a: median(pairs.map(([first]) => first.ms)),
    b: median(pairs.map(([, second]) => second.ms)),
    ratio: median(pairs.map(([first, second]) => first.ms / second.ms)),
    last: pairs.at(-1),
  };
}
