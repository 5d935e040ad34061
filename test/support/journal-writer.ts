import { writeSync } from 'node:fs';
import { openJournal } from '../../src/journal/log.ts';

/**
 * A process that appends `count` events (0: until it is killed) and says `<seq> <id>` after each one that is written.
 * Every fourth line is long.
 */
const [folder = '', name = '', count = '0', pauseMs = '0'] = process.argv.slice(2);
const journal = openJournal({
  folder,
  pid: process.pid,
  probe: (pid) => process.kill(pid, 0),
  clock: { now: () => Date.now(), iso: (milliseconds) => new Date(milliseconds).toISOString() },
});
writeSync(1, 'ready\n');
for (let number = 1; number <= (Number(count) || Number.POSITIVE_INFINITY); number += 1) {
  const id = `${name}-${number}`;
  const text = number % 4 === 0 ? 'x'.repeat(50_000) : 'x';
  const { seq } = await journal.append({ event: 'verified', id, verified: 'stored', text });
  writeSync(1, `${seq} ${id}\n`);
  if (pauseMs !== '0') await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)));
}
