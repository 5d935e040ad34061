import { stopEverything } from '../test/support/processes.ts';
import { callersBench } from './callers.ts';
import { remedies } from './remedies.ts';
import { scale } from './scale.ts';
import { scan } from './scan.ts';
import { startup } from './startup.ts';

/** One measured comparison, with the target that the ratio is held against; null for a mere point of reference. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly against: string;
  readonly ratio: number;
  readonly target: number | null;
}

/** Runs the benchmarks against real servers and prints their ratios. Returns 1 when a result was wrong, never for being slow. */
export async function bench(program: string, argv: readonly string[]): Promise<number> {
  const smoke = argv.includes('--smoke');
  try {
    if (argv.includes('scale')) return (await scale(program, argv)) ? 0 : 1;
    const runs = smoke ? 3 : 31;
    const rows = [
      ...(await startup(program, runs)),
      ...(await remedies(program, runs)),
      ...(await scan(program, smoke)),
      ...(await callersBench(program, smoke)),
    ];
    print(rows);
    const measured = rows.every((row) => Number.isFinite(row.ratio) && row.ratio > 0);
    const scaled = !smoke || (await scale(program, argv));
    return measured && scaled ? 0 : 1;
  } finally {
    await stopEverything();
  }
}

function print(rows: readonly Row[]): void {
  const line = (cells: readonly string[]) =>
    process.stdout.write(
      `${cells.map((cell, i) => (i === 0 ? cell.padEnd(46) : cell.padStart(22))).join('  ')}\n`,
    );
  line(['what', 'measured', 'against', 'ratio (target)']);
  for (const { what, ours, against, ratio, target } of rows) {
    line([what, ours, against, `${ratio.toFixed(2)}${target === null ? '' : ` (<= ${target})`}`]);
  }
}
