import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { configShow, type RunOptions } from './systems.ts';

afterAll(stopEverything);

describe('secrets are never shown', () => {
  const SECRETS = [
    's3cret-url',
    's3cret-file',
    's3cret-token',
    's3cret-basic',
    's3cret-header',
    's3cret-api',
  ];

  async function runs(options: RunOptions, url: string): Promise<string[]> {
    const common = ['--context', 'a', '--verbose'];
    const all = ['human', 'json', 'markdown'].flatMap((format) => [
      ['config', 'show', '-o', format, ...common],
      ['config', 'show', '-o', format, ...common, '--redis-url', url],
      [
        'triage',
        '-o',
        format,
        ...common,
        '--timeout',
        '1s',
        '--prometheus-url',
        'http://u:s3cret-url@127.0.0.1:1',
      ],
      ['triage', '-o', format, ...common, '--timeout', '1s', '--redis-url', url, '--nonsense'],
      ['triage', '-o', format, ...common, '--redis-url', `${url}/not-a-db`],
    ]);
    const outputs = await Promise.all(all.map((args) => runProgram(args, options)));
    return outputs.map(({ stdout, stderr }) => stdout + stderr);
  }

  test('neither from a URL, a file, a header nor the environment, in any format', async () => {
    const home = await temporaryFolder('home');
    const folder = join(home, 'config', 'ratelimit');
    const file = join(folder, 'config.yaml');
    await mkdir(folder, { recursive: true });
    for (const name of ['file', 'token', 'basic', 'api']) {
      await writeFile(join(folder, name), `s3cret-${name}\n`);
      await chmod(join(folder, name), 0o600);
    }
    await writeFile(
      file,
      `contexts:
  a:
    redis: { url: "redis://127.0.0.1:1", username: u, password-file: file }
    prometheus: { url: "http://127.0.0.1:1", bearer-token-file: token, headers: { X-Key: s3cret-header } }
    api: { url: "http://127.0.0.1:1", token-file: api }
  b:
    prometheus: { url: "http://127.0.0.1:1", basic-auth: { username: u, password-file: basic } }
`,
    );
    const url = 'redis://u:s3cret-url@127.0.0.1:1';
    const options = { home, env: { RATELIMIT_API_TOKEN: 's3cret-token', RATELIMIT_REDIS_URL: url } };
    const outputs = [
      ...(await runs({ home }, url)),
      ...(await runs(options, url)),
      (await runProgram(['config', 'show', '--context', 'b'], { home })).stdout,
    ];
    for (const output of outputs) {
      expect(output).not.toBe('');
      for (const secret of SECRETS) expect(output).not.toContain(secret);
    }
    const shown = await configShow({ home }, ['--context', 'a']);
    expect(shown.of('redis.password')).toBe('[redacted] (context)');
    expect(shown.of('prometheus.bearer-token')).toBe('[redacted] (context)');
    expect(shown.of('prometheus.headers.X-Key')).toBe('[redacted] (context)');
    expect(shown.of('api.token')).toBe('[redacted] (context)');
  });
});
