import { temporaryFolder } from '../test/support/processes.ts';
import { startRedis } from '../test/support/redis.ts';
import type { Row } from './bench.ts';
import { ms, paired, run } from './measure.ts';

/** One address against bare Node, and 4,096 addresses against one: each in one pipeline, journaled with fsync. */
export async function remedies(program: string, runs: number): Promise<Row[]> {
  const redis = await startRedis();
  const home = await temporaryFolder('state');
  const block = async (...targets: string[]) => {
    const args = [
      program,
      'block-ip',
      ...targets,
      '--max',
      '4096',
      '--reason',
      'bench',
      '--yes',
      '--verify',
      '0',
    ];
    const done = await run(process.execPath, [...args, '-o', 'json', '--redis-url', redis.url], {
      XDG_STATE_HOME: home,
    });
    if (!done.stdout.includes('"status": "applied"')) throw new Error(`nothing was blocked: ${done.stdout}`);
    await redis.flush();
    return done;
  };
  const one = await paired(
    () => block('203.0.113.42'),
    () => run(process.execPath, ['-e', '0']),
    runs,
  );
  const many = await paired(
    () => block('198.51.96.0/20'),
    () => block('203.0.113.42'),
    Math.ceil(runs / 3),
  );
  await redis.stop();
  return [
    {
      what: 'block-ip of one address against node -e 0',
      ...{ ours: ms(one.a), against: ms(one.b), ratio: one.ratio, target: 2 },
    },
    {
      what: 'block-ip of 4,096 addresses against one',
      ...{ ours: ms(many.a), against: ms(many.b), ratio: many.ratio, target: 3 },
    },
  ];
}
