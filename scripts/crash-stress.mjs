// Kills remedies (kill -9) at random moments, several at a time, on one journal and one real Redis, and then holds the
// journal against what Redis was really told to write (MONITOR): node scripts/crash-stress.mjs [kills]
// Ends with 1 when a change has no intent, a line is broken, or the journal says something that is not so.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { checkContents, checkEntries, checkLines, countKills, intentOf } from './crash/checks.mjs';

const KILLS = Number(process.argv[2] ?? 200);
const AT_ONCE = 4;
const PROGRAM = fileURLToPath(new URL('../bin/ratelimit.js', import.meta.url));
const PATH = [dirname(process.execPath), process.env.PATH, '/usr/bin', '/usr/sbin'].join(delimiter);

const home = await mkdtemp(join(tmpdir(), 'ratelimit-crash-'));
const folder = join(home, 'state', 'ratelimit');
const port = await freePort();
const violations = [];
const report = (violation) => violations.push(violation);

const [file, ...flags] = [
  'redis-server',
  '--port',
  `${port}`,
  '--bind',
  '127.0.0.1',
  '--save',
  '',
  '--dir',
  home,
];
const server = spawn(file, flags, { env: { PATH }, stdio: 'ignore' });
const gone = once(server, 'exit');
try {
  await stress();
} finally {
  server.kill();
  await gone;
  await rm(home, { recursive: true, force: true });
}
process.exitCode = violations.length === 0 ? 0 : 1;

async function stress() {
  const started = performance.now();
  const options = {
    replyMapping: 'legacy',
    protocol: 2,
    maxRetriesPerRequest: null,
    retryStrategy: () => 20,
  };
  const redis = new Redis(port, '127.0.0.1', options);
  redis.on('error', () => {});
  const last = await seed(redis);
  const { writes, settled, monitor } = await watchWrites(redis, last);
  const { span, runs, killed } = await killAll();
  await settled();

  // First it is looked at as the killed have left it, then after one more append.
  const { code, stdout, stderr } = await run(['journal', '-o', 'json']).ended;
  if (code !== 0 || stderr !== '') throw new Error(`journal ended with ${code}: ${stderr}`);
  const { entries, intact, warnings } = JSON.parse(stdout);
  if (!intact || warnings.length > 0) report(`the journal is not sound: ${warnings.join('; ')}`);
  checkEntries(entries, last, writes, report);
  const keys = await redis.keys('acp:*');
  const values = await redis.mget(keys);
  checkContents(new Map(keys.map((key, index) => [key, values[index]])), last, report);
  const counts = countKills(killed.map(reasonOf), entries, writes);
  const changes = writes.length;
  await undoSome(entries, redis);
  checkLines(readFileSync(join(folder, 'journal.jsonl'), 'utf8'), report);
  if ((await readdir(folder)).includes('journal.lock')) report('a lock is left');
  monitor.disconnect();
  redis.disconnect();

  const { before, between, written, after } = counts;
  if (between < KILLS / 40)
    report(`only ${between} kills between intent and outcome: too few to prove anything`);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  process.stdout.write(
    [
      `${killed.length} kills of ${runs} runs, ${AT_ONCE} at a time, in ${seconds} s (a whole one takes ${Math.round(span)} ms)`,
      `${before} before the intent, ${between} between intent and outcome (${written} had written), ${after} after the outcome`,
      `${changes} changes in Redis, ${entries.length} entries in the journal`,
      ...violations.slice(0, 20).map((violation) => `VIOLATION: ${violation}`),
      `${violations.length} violations\n`,
    ].join('\n'),
  );
}

/** Caps and blocks to be there before; answers what each key holds. */
async function seed(redis) {
  const last = new Map();
  for (let index = 0; index < 4; index += 1) last.set(`acp:agent_cost_cap:agent-${index}`, '10000.00');
  for (let index = 0; index < KILLS; index += 1) last.set(`acp:ip_block:${lifted(index)}`, `seed-${index}`);
  const pipeline = redis.pipeline();
  for (const [key, value] of last) pipeline.set(key, value, ...(key.includes('cap') ? [] : ['EX', 80_000]));
  await pipeline.exec();
  return last;
}

function hex(number) {
  return (number + 1).toString(16);
}
function lifted(number) {
  return `2001:db8:1::${hex(number % KILLS)}`;
}
function reasonOf(number) {
  return `victim-${number}`;
}

/** One remedy of each kind in turn; no two of them ever write the same value to the same key. */
function remedy(number) {
  const reason = ['--reason', reasonOf(number)];
  const ttl = (seconds) => ['--ttl', `${seconds}s`];
  switch (number % 5) {
    case 0:
      return ['block-ip', `2001:db8::${hex(number)}`, ...reason];
    case 1:
      return ['block-ip', `2001:db8:2::${hex(number)}:0/126`, ...ttl(3_600), ...reason];
    case 2:
      // The same few addresses, each time for longer.
      return ['block-ip', `203.0.113.${number % 4}`, ...ttl(3_600 + number * 60), ...reason];
    case 3:
      return ['unblock-ip', lifted(number), ...reason];
    default:
      return [
        'raise-cap',
        `agent-${number % 4}`,
        '--to',
        `${10_001 + number}.00`,
        '--force-lower',
        ...reason,
      ];
  }
}

/** What scripts write, in order, from now on; `last` is kept up to date. Without an intent on disk it is a violation. */
async function watchWrites(redis, last) {
  const monitor = await redis.monitor();
  const writes = [];
  let pinged = false;
  monitor.on('monitor', (_, [name, key, value, unit, ms], source) => {
    if (name.toUpperCase() === 'PING') pinged = true;
    const isSet = name.toUpperCase() === 'SET';
    if (source !== 'lua' || !(isSet || name.toUpperCase() === 'DEL')) return;
    const write = { key, value: isSet ? value : null, ms: unit === 'PX' ? Number(ms) : null };
    writes.push(write);
    last.set(key, write.value);
    if (!intentOf(write, eventsOnDisk())) report(`${name} ${key} "${value}" was done without an intent`);
  });
  const settled = async () => {
    await redis.ping();
    while (!pinged) await sleep(5);
  };
  return { writes, settled, monitor };
}

/** The whole lines of the journal. */
function eventsOnDisk() {
  let text = '';
  try {
    text = readFileSync(join(folder, 'journal.jsonl'), 'utf8');
  } catch {}
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

function run(words) {
  const child = spawn(process.execPath, [PROGRAM, ...words, '--redis-url', `redis://127.0.0.1:${port}`], {
    env: { PATH, HOME: home, XDG_STATE_HOME: join(home, 'state'), XDG_CONFIG_HOME: join(home, 'config') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].on('data', (chunk) => {
      output[name] += chunk;
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }));
  return { kill: () => child.kill('SIGKILL'), ended };
}

/** Until so many were really killed: half of them at any moment of a run, half just after their intent was written. */
async function killAll() {
  let number = 0;
  const killed = [];
  // How long runs took that came to their end beside as many others.
  const spans = [];
  const span = () => spans.slice(-9).sort((a, b) => a - b)[Math.min(spans.length, 9) >> 1] ?? 0;
  const one = async (isSpared = false) => {
    const me = number++;
    const from = performance.now();
    const victim = run([...remedy(me), '--yes', '--verify', '0', '-o', 'json']);
    let isOver = false;
    const ended = victim.ended.finally(() => {
      isOver = true;
    });
    if (!isSpared) {
      if (me % 2 === 0) await sleep(Math.random() * span() * 1.2);
      else await begun(me, () => isOver);
      victim.kill();
    }
    const { code, signal, stdout, stderr } = await ended;
    if (signal === 'SIGKILL') killed.push(me);
    // Done, so already or nothing there, or somebody else was faster.
    else if (![0, 7, 8].includes(code)) report(`run ${me} ended with ${code}: ${stdout}${stderr}`);
    if (isSpared) spans.push(performance.now() - from);
  };
  const lane = async () => {
    for (let round = 0; killed.length < KILLS; round += 1) await one(round < 3 || round % 10 === 0);
  };
  // Alone, so that the journal is there.
  await one(true);
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return { span: span(), runs: number, killed };
}

/** Waits until the intent of a run is on disk, and then for some milliseconds more. */
async function begun(number, isOver) {
  while (!isOver() && !journalEnd().includes(reasonOf(number))) await sleep(2);
  await sleep(Math.random() * 6);
}

/** The end of the journal: room for a few events. */
function journalEnd() {
  const handle = openSync(join(folder, 'journal.jsonl'), 'r');
  try {
    const { size } = fstatSync(handle);
    const end = Buffer.alloc(Math.min(size, 4_096));
    readSync(handle, end, 0, end.length, size - end.length);
    return end.toString('latin1');
  } finally {
    closeSync(handle);
  }
}

/** Entries without an outcome can be taken back where they were done, and only there; each is one more append. */
async function undoSome(entries, redis) {
  const alone = entries.filter(({ resolved, changes: [change, ...more] }) => {
    return !resolved && more.length === 0 && /2001:db8:1?:/.test(change.target);
  });
  const saying = (text) => alone.filter(({ now }) => now.includes(text));
  const chosen = [
    ...saying('is there')
      .slice(0, 4)
      .map((entry) => [entry, 0]),
    ...saying('was not done')
      .slice(0, 2)
      .map((entry) => [entry, 7]),
  ];
  for (const [{ id, changes }, wanted] of chosen) {
    const [{ target, before }] = changes;
    const { code, stdout } = await run(['undo', id, '--yes', '--reason', 'stress', '-o', 'json']).ended;
    if (code !== wanted) report(`undo ${id} ended with ${code}, not ${wanted}: ${stdout}`);
    const now = await redis.get(target);
    if (now !== (before?.value ?? null)) report(`undo ${id} left ${target} at ${now}`);
  }
  const { code } = await run(['block-ip', '2001:db8:3::1', '--yes', '--verify', '0', '--reason', 'last'])
    .ended;
  if (code !== 0) report(`the remedy after all kills ended with ${code}`);
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port: free } = probe.address();
  probe.close();
  await once(probe, 'close');
  return free;
}
