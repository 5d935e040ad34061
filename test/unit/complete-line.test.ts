import { describe, expect, test } from 'vitest';
import { wantedIn } from '../../src/completion/line.ts';
import type { Context } from '../../src/context.ts';
import { buildProgram } from '../../src/program.ts';

const program = buildProgram({} as Context, () => {});
/** A line up to the cursor; a blank at its end begins a new word. */
const at = (line: string) => wantedIn(program, line.split(' '));
const values = (line: string) => at(line).words.map(({ value }) => value);

describe('words that the tree of commands knows', () => {
  test('commands at first, each with what it does', () => {
    expect(values('')).toEqual(expect.arrayContaining(['triage', 'block-ip', 'completion', 'help']));
    expect(at('').words.filter(({ about }) => about === '')).toEqual([]);
  });

  test('the commands of a group', () => {
    expect(values('kill-switch ')).toEqual(expect.arrayContaining(['engage', 'release', 'status']));
    expect(values('journal ')).toContain('show');
  });

  test.each([
    ['triage -o ', 'human json markdown html'],
    ['triage -vo ', 'human json markdown html'],
    ['-o json triage --pace ', 'gentle normal fast'],
    ['triage --pace=', 'gentle normal fast'],
    ['completion ', 'bash zsh fish'],
  ])('choices: %s', (line, choices) => {
    expect(values(line).join(' ')).toBe(choices);
  });

  test('flags of the command and of all commands, once each, without those that are there', () => {
    const flags = values('block-ip --yes 203.0.113.42 -q -');
    expect(flags).toEqual(expect.arrayContaining(['--force-own', '--redis-url', '--help']));
    expect(flags).not.toContain('--yes');
    expect(flags).not.toContain('--quiet');
    expect(flags).not.toContain('--window');
    expect(new Set(flags).size).toBe(flags.length);
    expect(values('triage --context a --')).toContain('--context');
  });

  test('flags where nothing else can come', () => {
    expect(values('blocks ')).toContain('--expiring');
    expect(values('config show ')).toContain('--context');
  });

  test.each(['triage --window ', 'triage --no-such-flag=', 'raise-cap agent-7 --to ', 'kill-switch engage '])(
    'nothing where only the operator knows: %s',
    (line) => {
      expect(at(line)).toMatchObject({ words: [], kinds: [] });
    },
  );

  test('after -- nothing is a flag or a command', () => {
    expect(at('unblock-ip -- -')).toMatchObject({ words: [], kinds: ['blocked'] });
    expect(values('-- ')).toEqual([]);
  });
});

describe('what has to be looked up', () => {
  test.each([
    ['triage --context ', 'context'],
    ['--config c.yaml --context=', 'context'],
    ['--runbook ', 'runbook file'],
    ['triage --save ', 'file'],
    ['unblock-ip ', 'blocked'],
    ['unblock-ip 203.0.113.42 ', 'blocked'],
    ['--context prod raise-cap ', 'agent'],
    ['caps ', 'agent'],
    ['undo ', 'undoable'],
    ['journal show ', 'entry'],
    ['runbook show ', 'category'],
    ['runbook test ', 'folder'],
    ['drill ', 'incident file'],
    ['help ', 'topic'],
    ['raise-cap agent-7 ', ''],
    ['help kill-switch ', 'topic'],
  ])('%s', (line, kinds) => {
    expect(at(line).kinds.join(' ')).toBe(kinds);
  });

  test('with the flags that say where, and what stands before a value in its word', () => {
    const wanted = at('--config=a.yaml unblock-ip -v --context x --context prod --redis-url redis://h 203.0');
    expect(Object.fromEntries(wanted.given)).toEqual({
      '--config': 'a.yaml',
      '--context': 'prod',
      '--redis-url': 'redis://h',
    });
    expect(wanted).toMatchObject({ typed: '203.0', before: '', path: ['unblock-ip'] });
    expect(at('triage --context=pr')).toMatchObject({ typed: 'pr', before: '--context=' });
  });

  test('a value that looks like a flag or a command is a value', () => {
    expect(at('triage --save --context ')).toMatchObject({ kinds: [], path: ['triage'] });
    expect(at('block-ip --reason undo ')).toMatchObject({ path: ['block-ip'] });
  });
});
