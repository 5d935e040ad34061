import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseIncident } from '../../src/incidents/parse.ts';
import { serversWith } from '../support/incident-servers.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { documentText } from '../support/readme-region.ts';

// docs/walk-through.md, followed to the letter: its commands are run in its order, its YAML is put where it says.

afterAll(stopEverything);

interface Block {
  readonly kind: 'sh' | 'yaml';
  readonly text: string;
}
const page = documentText('docs/walk-through.md');
const blocks = [...page.matchAll(/^```(sh|yaml)\n([\s\S]*?)^```$/gm)].map(
  ([, kind, text = '']) => ({ kind, text }) as Block,
);
const [, removed = ''] = /remove\n((?:`[a-z-]+`(?:, )?)+)\./.exec(page) ?? [];

/** The top-level parts of a file by their key, comments left out. */
const partsOf = (yaml: string): Map<string, string> =>
  new Map(
    yaml
      .replaceAll(/^#.*\n/gm, '')
      .split(/^(?=[a-z-]+:)/m)
      .filter((part) => /^[a-z-]+:/.test(part))
      .map((part) => [part.slice(0, part.indexOf(':')), `${part.trimEnd()}\n`]),
  );

test('leads from runbook new to a verdict, and a test of it', async () => {
  const home = await temporaryFolder('home');
  const file = join(home, 'mail.yaml');
  const incident = blocks.find(({ text }) => text.startsWith('schema: ratelimit/incident/v1'));
  const label = blocks.find(({ text }) => text.startsWith('category: '));
  const { prometheus } = await serversWith(parseIncident(incident?.text ?? '', 'monday.yaml'));
  await writeFile(join(home, 'monday.yaml'), incident?.text ?? '');

  const gone = [...removed.matchAll(/`([a-z-]+)`/g)].map(([, key = '']) => key);
  expect(gone.length).toBeGreaterThan(1);
  const said = new Map<string, string>();
  for (const { kind, text } of blocks) {
    if (kind === 'yaml') {
      if (text === incident?.text || text === label?.text) continue;
      const parts = partsOf(await readFile(file, 'utf8'));
      for (const key of gone) parts.delete(key);
      const [[key, part] = ['', '']] = partsOf(text);
      await writeFile(file, [...parts.set(key, part).values()].join('\n'));
      continue;
    }
    for (const line of text.trim().split('\n')) {
      const [program, ...words] = line
        .replaceAll('http://prometheus.example:9090', prometheus.url)
        .split(' ');
      expect(program).toBe('ratelimit');
      if (words[1] === 'test')
        await writeFile(join(home, 'incidents', 'monday.label.yaml'), label?.text ?? '');
      const { code, stdout, stderr } = await runProgram(words, { home });
      expect([line, code, stderr]).toEqual([line, 0, '']);
      said.set(words.slice(0, 2).join(' '), stdout);
    }
  }
  expect(said.get('runbook validate')).toMatch(/^\.\/mail\.yaml is a valid runbook: mail \(/);
  expect(said.get('runbook show')).toContain('A stolen mailbox sends spam');
  expect(said.get('rules --runbook')).toContain('mail_rejected_total{reason="rate"}');
  expect(said.get('doctor --runbook')).toContain('3 of 3 categories can be judged');
  expect(said.get('triage --runbook')).toMatch(
    /^P3 stolen-mailbox \(confidence medium\): client acme: 4 of 4 /,
  );
  expect(said.get('triage --runbook')).toMatch(
    /accepted messages: 4 messages\/s in 5m,\s+usual 2\s+messages\/s/,
  );
  expect(said.get('runbook test')).toContain('1 passed, 0 failed');

  const drilled = await runProgram(['drill', './monday.yaml'], { home, input: 'triage --no-input\nexit\n' });
  expect(drilled.stdout).toContain('P3 stolen-mailbox or newsletter (confidence low)');
  expect(drilled.code).toBe(0);
});
