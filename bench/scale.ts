import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../test/support/cluster.ts';
import { temporaryFolder } from '../test/support/processes.ts';
import { startRedis, type TestRedis } from '../test/support/redis.ts';
import { latenciesDuring } from './foreground.ts';
import { fill, type Keyspace, ONE_FAMILY, truthOf } from './keyspace.ts';
import { median, type Run, run } from './measure.ts';

type Line = readonly string[];

interface Sizes {
  readonly keys: readonly number[];
  readonly percents: readonly number[];
  /** How often each is measured; the medians are shown. */
  readonly runs: number;
  /** Of the runbook's loop, so many keys are really asked for. */
  readonly loop: number;
  /** How long the foreground is watched, milliseconds. */
  readonly watchMs: number;
}

const SIZES: Sizes = {
  keys: [100_000, 1_000_000],
  percents: [1, 10, 100],
  runs: 3,
  loop: 2_000,
  watchMs: 6_000,
};
const LARGE: Sizes = { ...SIZES, keys: [100_000, 1_000_000, 10_000_000], runs: 1 };
const SMOKE: Sizes = { keys: [5_000, 20_000], percents: [10], runs: 1, loop: 20, watchMs: 200 };

/** Triage of large keyspaces against what people do now; everything in one run, so that the ratios hold. */
export async function scale(program: string, argv: readonly string[]): Promise<boolean> {
  const all = argv.includes('--smoke') ? SMOKE : argv.includes('--large') ? LARGE : SIZES;
  const percent = argv.find((word) => word.startsWith('--percent='));
  const sizes = percent === undefined ? all : { ...all, percents: [Number(percent.split('=')[1])] };
  const bench = new Scale(program, sizes);
  await bench.run();
  return bench.isMeasured;
}

class Scale {
  readonly #program: string;
  readonly #sizes: Sizes;
  readonly #ratios: number[] = [];

  constructor(program: string, sizes: Sizes) {
    this.#program = program;
    this.#sizes = sizes;
  }

  /** False when a number did not come out. */
  get isMeasured(): boolean {
    return this.#ratios.length > 0 && this.#ratios.every((ratio) => Number.isFinite(ratio) && ratio > 0);
  }

  async run(): Promise<void> {
    const lines: Line[] = [];
    const memory = new Map<number, { keys: number; kib: number }[]>();
    for (const percent of this.#sizes.percents) {
      for (const keys of this.#sizes.keys) {
        const redis = await startRedis();
        await fill(redis, { keys, percent });
        const { line, peakKib } = await this.#one(redis, { keys, percent });
        lines.push(line);
        memory.set(percent, [...(memory.get(percent) ?? []), { keys, kib: peakKib }]);
        await redis.stop();
      }
    }
    print(
      HEAD,
      lines,
      `* one redis-cli a key, timed on ${count(this.#sizes.loop)} of the counters and extrapolated; x: times redis-cli --scan`,
    );
    const middle = this.#sizes.keys.find((keys) => keys === 1_000_000) ?? this.#sizes.keys.at(-1) ?? 0;
    const percent = this.#sizes.percents.includes(10) ? 10 : (this.#sizes.percents[0] ?? 10);
    await this.#families({ keys: middle, percent });
    await this.#foreground({ keys: middle, percent: this.#sizes.percents.at(-1) ?? percent });
    await this.#cluster({ keys: middle, percent });
    for (const [share, list] of memory) {
      const [first, last] = [list[0], list.at(-1)];
      if (first === undefined || last === undefined || first === last) continue;
      const what = `peak memory at ${count(last.keys)} keys, ${share} % counters, against ${count(first.keys)}`;
      this.#ratio(what, mib(last.kib), mib(first.kib), last.kib / first.kib, 1.15);
    }
  }

  /** One keyspace: triage at each pace, in turn with what it is held against. */
  async #one(redis: TestRedis, space: Keyspace): Promise<{ line: Line; peakKib: number }> {
    const times = { fast: [] as Run[], gentle: [] as Run[], scan: [] as Run[], keys: [] as Run[] };
    for (let index = 0; index < this.#sizes.runs; index++) {
      times.scan.push(await this.#cli(redis, '--scan', '--pattern', 'acp:auth_fail:*'));
      times.fast.push(await this.#triage(redis, 'fast', space));
      times.gentle.push(await this.#triage(redis, 'gentle', space));
      times.keys.push(await this.#cli(redis, 'KEYS', 'acp:auth_fail:*'));
    }
    await redis.cli('CONFIG', 'RESETSTAT');
    await this.#triage(redis, 'gentle', space);
    const serverMs = serverTime(await redis.cli('INFO', 'commandstats'));
    const loopMs = await this.#loop(redis, space);
    const of = (list: readonly Run[]) => median(list.map(({ ms }) => ms));
    const [fast, gentle, scan, keys] = [of(times.fast), of(times.gentle), of(times.scan), of(times.keys)];
    this.#ratios.push(fast / scan, gentle / scan);
    const peakKib = median(times.gentle.map((one) => one.peakKib));
    const line = [
      ...[count(space.keys), `${space.percent} %`, s(scan), s(keys), `${s(loopMs)} *`],
      ...[`${s(fast)} ${x(fast / scan)}`, `${s(gentle)} ${x(gentle / scan)}`],
      ...[s(serverMs), mib(peakKib)],
    ];
    return { line, peakKib };
  }

  /** Six families in one pass against one of them. */
  async #families(space: Keyspace): Promise<void> {
    const redis = await startRedis();
    await fill(redis, space);
    const runbook = join(await temporaryFolder('bench'), 'one-family.yaml');
    await writeFile(runbook, ONE_FAMILY);
    const [six, one]: [number[], number[]] = [[], []];
    for (let index = 0; index < Math.max(3, this.#sizes.runs); index++) {
      six.push((await this.#triage(redis, 'gentle', space)).ms);
      one.push((await this.#triage(redis, 'gentle', null, ['--runbook', runbook])).ms);
    }
    const what = `six families of ${count(space.keys)} keys in one pass, against one`;
    this.#ratio(what, s(median(six)), s(median(one)), median(six) / median(one), 1.3);
    await redis.stop();
  }

  /** How long another client waits while nothing goes on, and during a pass at each pace. */
  async #foreground(space: Keyspace): Promise<void> {
    const redis = await startRedis();
    await fill(redis, space);
    const { watchMs } = this.#sizes;
    const during = async (work: () => Promise<unknown>) =>
      latenciesDuring(redis.port, async () => {
        const endsAt = performance.now() + watchMs;
        do await work();
        while (performance.now() < endsAt);
      });
    const works: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['nothing', () => sleep(watchMs)],
      ['triage --pace gentle', () => this.#triage(redis, 'gentle', space)],
      ['triage --pace normal', () => this.#triage(redis, 'normal', space)],
      ['triage --pace fast', () => this.#triage(redis, 'fast', space)],
      ['redis-cli --scan', () => this.#cli(redis, '--scan', '--pattern', 'acp:auth_fail:*')],
      ['redis-cli KEYS', () => this.#cli(redis, 'KEYS', 'acp:auth_fail:*')],
    ];
    const lines: Line[] = [];
    const p99: number[] = [];
    for (const [name, work] of works) {
      const found = await during(work);
      p99.push(found.p99);
      lines.push([name, ms(found.p50), ms(found.p99), ms(found.p999), count(found.samples)]);
    }
    print(
      [
        `foreground beside (${count(space.keys)} keys, ${space.percent} % counters)`,
        'p50',
        'p99',
        'p99.9',
        'samples',
      ],
      lines,
    );
    const [idle = Number.NaN, gentle = Number.NaN] = p99;
    const what = 'foreground p99 under gentle: above idle';
    this.#ratios.push(gentle / idle);
    print(['what', 'measured', 'target'], [[what, ms(gentle - idle), '<= 2.00 ms']]);
    await redis.stop();
  }

  async #cluster(space: Keyspace): Promise<void> {
    const cluster = await startCluster({ masters: 3 });
    await fill(cluster, space);
    const alone = await startRedis();
    await fill(alone, space);
    const [three, one]: [number[], number[]] = [[], []];
    for (let index = 0; index < this.#sizes.runs; index++) {
      three.push((await this.#triage(cluster, 'gentle', space)).ms);
      one.push((await this.#triage(alone, 'gentle', space)).ms);
    }
    const what = `a cluster of three masters with ${count(space.keys)} keys, against one server`;
    this.#ratio(what, s(median(three)), s(median(one)), median(three) / median(one), null);
    await Promise.all([cluster.stop(), alone.stop()]);
  }

  /** @param space what it must count exactly; null: another runbook */
  async #triage(
    { url }: Pick<TestRedis, 'url'>,
    pace: string,
    space: Keyspace | null,
    more: readonly string[] = [],
  ): Promise<Run> {
    const args = ['triage', '-o', 'json', '--timeout', '10m', '--pace', pace, '--redis-url', url, ...more];
    // No Prometheus: its connection is refused at once, so the time is Redis's.
    const done = await run(process.execPath, [
      this.#program,
      ...args,
      '--prometheus-url',
      'http://127.0.0.1:1',
    ]);
    const { signals, scan } = JSON.parse(done.stdout);
    if (scan.coverage !== 1)
      throw new Error(`only ${scan.coverage} of the keyspace was read: ${scan.reason}`);
    if (space === null) return done;
    const { total, distinct, blocks } = truthOf(space);
    const { 'auth-failures-by-ip': failures, blocks: found } = signals;
    if (failures.total !== total || failures.distinct !== distinct || (found.distinct ?? 0) !== blocks) {
      throw new Error(
        `counted ${failures.total} failures of ${failures.distinct} IPs and ${found.distinct} blocks, expected ${total}, ${distinct} and ${blocks}`,
      );
    }
    return done;
  }

  #cli({ port }: TestRedis, ...args: readonly string[]): Promise<Run> {
    return run('redis-cli', ['-p', String(port), ...args]);
  }

  /** The runbook's loop, a redis-cli for each counter: timed on some of them, and extrapolated. */
  async #loop({ port }: TestRedis, { keys, percent }: Keyspace): Promise<number> {
    const startedAt = performance.now();
    for (let index = 0; index < this.#sizes.loop; index++) {
      await run('redis-cli', ['-p', String(port), 'GET', `acp:auth_fail:10.0.${index >> 8}.${index & 255}`]);
    }
    const each = (performance.now() - startedAt) / this.#sizes.loop;
    return each * ((keys * percent) / 100);
  }

  #ratio(what: string, ours: string, against: string, ratio: number, target: number | null): void {
    this.#ratios.push(ratio);
    print(
      ['what', 'measured', 'against', 'ratio (target)'],
      [[what, ours, against, `${ratio.toFixed(2)}${target === null ? '' : ` (<= ${target})`}`]],
    );
  }
}

const HEAD: Line = [
  ...['keys', 'counters', 'redis-cli --scan', 'KEYS', 'the loop'],
  ...['triage fast', 'triage gentle', 'server time', 'peak memory'],
];

/** What the server spent on the pass, by its own count. */
function serverTime(stats: string): number {
  const parts = [...stats.matchAll(/cmdstat_(?:scan|mget|time|pttl|type|info)[^:]*:calls=\d+,usec=(\d+)/g)];
  return parts.reduce((sum, [, micros]) => sum + Number(micros), 0) / 1_000;
}

function print(head: Line, lines: readonly Line[], note = ''): void {
  const widths = head.map((cell, at) =>
    Math.max(cell.length, ...lines.map((line) => (line[at] ?? '').length)),
  );
  const row = (line: Line) =>
    line
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ');
  process.stdout.write(`${[head, ...lines].map(row).join('\n')}\n${note === '' ? '' : `${note}\n`}\n`);
}

const count = (value: number): string => value.toLocaleString('en-US');
const s = (value: number): string => `${(value / 1_000).toFixed(2)} s`;
const ms = (value: number): string => `${value.toFixed(2)} ms`;
const x = (ratio: number): string => `(${ratio.toFixed(2)}x)`;
const mib = (kib: number): string => `${(kib / 1_024).toFixed(0)} MiB`;
