import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { documentText } from '../support/readme-region.ts';
import { errorDocument, expectError } from './systems.ts';

afterAll(stopEverything);

const CONTEXTS = `contexts:
  prod:
    # Nothing of a system is looked at.
    redis: { url: rediss://redis.example, password-file: /nowhere/password }
    prometheus: { url: https://prometheus.example, bearer-token-file: /nowhere/token }
    thresholds: { reject-rate: 3 }
    links: { runbook: 'https://wiki.example/spike' }
  "eu/prod@1": { runbook: edge }
`;

interface Rule {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

let home = '';
beforeAll(async () => {
  home = await temporaryFolder('home');
  await mkdir(join(home, 'config', 'ratelimit', 'runbooks'), { recursive: true });
  await writeFile(join(home, 'config', 'ratelimit', 'config.yaml'), CONTEXTS);
  await writeFile(join(home, 'my contexts.yaml'), CONTEXTS);
  const { stdout } = await runProgram(['runbook', 'new', 'edge'], { home });
  expect(stdout).toContain('edge.yaml written');
});
const rules = (...args: string[]) => runProgram(['rules', ...args], { home, cwd: home });

const rulesIn = (yaml: string): Rule[] =>
  (parse(yaml) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);

describe('rules', () => {
  test('is a file of Prometheus, with the thresholds and the name of the context', async () => {
    const { code, stdout, stderr } = await rules('--context', 'prod', '--config', 'my contexts.yaml');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const found = rulesIn(stdout);
    expect(new Set(found.map(({ alert }) => alert))).toEqual(new Set(['RateLimitSpike']));
    expect(found[0]?.expr).toMatch(/ >= 3$/);
    // A pasted command has no folder to begin from.
    const command = `ratelimit triage --alert RateLimitSpike --config '${home}/my contexts.yaml' --context prod`;
    for (const { annotations, labels } of found) {
      expect(annotations).toMatchObject({ command, runbook_url: 'https://wiki.example/spike' });
      expect(labels).toMatchObject({
        ratelimit_runbook: 'aegis',
        ratelimit_context: 'prod',
        severity: 'warning',
      });
    }
    expect(new Set(found.map(({ labels }) => labels.ratelimit_rule)).size).toBe(found.length);
  });

  test('is of the runbook that the context names', async () => {
    const { code, stdout } = await rules('--context', 'eu/prod@1', '-o', 'json');
    expect(code).toBe(0);
    const document = JSON.parse(stdout) as { groups: { rules: Rule[] }[] };
    expect(document).toMatchObject({
      schema: 'ratelimit/rules/v1',
      runbook: 'edge',
      context: 'eu/prod@1',
      warnings: [],
    });
    expect(document.groups[0]?.rules[0]).toMatchObject({
      alert: 'NginxLimitReq',
      labels: { ratelimit_runbook: 'edge', ratelimit_context: 'eu/prod@1' },
      annotations: {
        runbook_url: 'https://wiki.example/runbooks/nginx-limit-req',
        command: 'ratelimit triage --alert NginxLimitReq --context eu/prod@1',
      },
    });
    const text = documentText('docs/json.md');
    for (const key of Object.keys(document)) expect(text, key).toContain(`\`${key}\``);
  });

  test('says that no context is in use where there are some', async () => {
    const { code, stdout, stderr } = await rules('--runbook', 'config/ratelimit/runbooks/edge.yaml');
    expect(code).toBe(0);
    expect(stderr).toBe(
      'no context is in use, so the command in the annotations names none: give --context\n',
    );
    expect(stdout).toContain(
      '# - no context is in use, so the command in the annotations names none: give --context\n',
    );
    const [{ labels, annotations } = { labels: {}, annotations: {} }] = rulesIn(stdout);
    // A path is nothing that an alert may lead to.
    expect(Object.keys(labels).sort()).toEqual(['ratelimit_rule', 'severity']);
    expect(annotations).toMatchObject({
      command: `ratelimit triage --alert NginxLimitReq --runbook ${home}/config/ratelimit/runbooks/edge.yaml`,
    });
  });

  test('ends in 7 for a runbook without any, and in 2 for a context that is not there', async () => {
    const edge = (await runProgram(['runbook', 'new'], { home })).stdout;
    const bare = edge.replace(/\nrules:\n[\s\S]*?\nnot-alerted:/, '\nnot-alerted:');
    await writeFile(join(home, 'bare.yaml'), bare);
    const none = await rules('--runbook', './bare.yaml', '-o', 'json');
    expect(none.code).toBe(7);
    expect(errorDocument(none)).toMatchObject({
      code: 'no-rules',
      message: 'runbook my-system has no alerting rules',
    });
    const unknown = await rules('--context', 'prd');
    expect(unknown.code).toBe(2);
    expectError(unknown);
    expect(unknown.stderr).toContain('did you mean "prod"?');
  });
});
