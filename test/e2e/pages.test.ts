import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import { faintTexts, startBrowser, visit } from '../support/browser.ts';
import {
  absent,
  agents,
  captureOf,
  counters,
  crowd,
  evidence,
  rejects,
  unknown,
} from '../support/evidence.ts';
import { onStop, stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';

/** Names as an attacker would choose them. */
const NAMES = [
  '<script>document.title="owned"</script>',
  '"><img src=x onerror=alert(1)>',
  "'><svg/onload=alert(1)>",
  'javascript:alert(1)',
  ']]></style></svg></title></details><h1>owned</h1>',
  '\u001b[31mred\u001b[2J',
  'abc\u202edcba\u2066',
  '&lt;b&gt;&amp;',
  `${'x'.repeat(300)}`,
];

const READINGS: Record<string, Reading> = {
  'auth-failures-by-ip': {
    ...counters([
      ...Object.entries({ '203.0.113.42': 4812, ...crowd(20, 3) }),
      ...NAMES.map((name) => [name, 2] as const),
    ]),
    warnings: NAMES,
  },
  'rejects-by-tenant': rejects(Object.fromEntries(NAMES.map((name) => [name, { [name]: 4, '/agents': 1 }]))),
  'agent-spend': agents({ summarizer: [120, '100.00'], helper: [45, NAMES[1] ?? ''] }),
  inflight: unknown('malformed', NAMES[0] ?? ''),
  'limiter-health': absent(NAMES[4] ?? ''),
};

let browser: Browser;
let folder = '';
const files: Record<string, string> = {};
beforeAll(async () => {
  folder = await temporaryFolder('pages');
  const capture = join(folder, 'capture.json');
  await writeFile(capture, JSON.stringify(captureOf(evidence(READINGS), 'aegis')));
  const [started, made] = await Promise.all([
    startBrowser(),
    runProgram(['triage', '--from', capture, '-o', 'html', '--top', '99']),
  ]);
  browser = started;
  expect({ stderr: made.stderr, code: made.code }).toEqual({ stderr: '', code: 5 });
  files.triage = join(folder, 'triage.html');
  await writeFile(files.triage, made.stdout);
});
afterAll(stopEverything);

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };
const openAll = `document.querySelectorAll('details').forEach((one) => { one.open = true; })`;

describe.each(['triage'])('the page of %s', (name) => {
  test('says nothing to the console, asks for nothing, and holds no element of an attacker', async () => {
    const { page, said, requests } = await visit(browser, files[name] ?? '', { viewport: DESK });
    await page.evaluate(openAll);
    expect(said).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(await page.title()).not.toContain('owned');
    const odd =
      'script, img, image, iframe, object, embed, link, base, form, input, a, use, foreignObject, animate, [style], [onload], [onerror], [href], [src]';
    expect(await page.locator(odd).count()).toBe(0);
    expect(await page.locator('h1').count()).toBe(1);
    const text = await page.locator('body').innerText();
    for (const shown of [
      NAMES[1],
      NAMES[2],
      NAMES[3],
      NAMES[7],
      '\\x1b[31mred\\x1b[2J',
      'abc\\u{202e}dcba\\u{2066}',
    ]) {
      expect(text).toContain(shown);
    }
    await page.context().close();
  });

  test.each([
    ['a phone', PHONE],
    ['a desk', DESK],
  ])('fits on %s, in light and in dark, and every text can be read', async (_, viewport) => {
    const { page } = await visit(browser, files[name] ?? '', { viewport, colorScheme: 'light' });
    await page.evaluate(openAll);
    const papers: unknown[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      papers.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'));
      expect(await faintTexts(page)).toEqual([]);
    }
    expect(new Set(papers).size).toBe(2);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width);
    await page.context().close();
  });

  test('is printed black on white, with all that is folded', async () => {
    const { page } = await visit(browser, files[name] ?? '', { viewport: PHONE, colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const { color, backgroundColor } = await page.evaluate<Record<string, string>>(
      '(({ color, backgroundColor }) => ({ color, backgroundColor }))(getComputedStyle(document.body))',
    );
    expect({ color, backgroundColor }).toEqual({
      color: 'rgb(0, 0, 0)',
      backgroundColor: 'rgb(255, 255, 255)',
    });
    expect(await faintTexts(page)).toEqual([]);
    const folded = page.locator('details:not([open]) li').first();
    expect((await folded.boundingBox())?.height).toBeGreaterThan(0);
    await page.context().close();
  });

  test('runs, loads and sends nothing, even where markup got into it', async () => {
    const { at, asked } = await startListener();
    const evil = [
      '<script>document.title = "owned"</script>',
      `<script src="${at('script')}"></script><img src="${at('img')}" onerror="document.title = 'owned'">`,
      `<iframe src="${at('frame')}"></iframe><object data="${at('object')}"></object>`,
      `<link rel="stylesheet" href="${at('style')}"><style>h1 { background: url(${at('background')}) }</style>`,
      `<form action="${at('form')}"><button id="send">send</button></form>`,
    ];
    const clean = await readFile(files[name] ?? '', 'utf8');
    const copy = join(folder, `${name}-evil.html`);
    const openWith = async (markup: string) => {
      await writeFile(copy, markup.replace('</main>', `${evil.join('\n')}</main>`));
      const visited = await visit(browser, copy, { viewport: DESK });
      await visited.page.evaluate('document.querySelector("#send").click()');
      return visited;
    };
    const { page, said } = await openWith(clean);
    await expect
      .poll(() => said.filter((message) => message.includes('Content Security Policy')).length)
      .toBe(8);
    expect(await page.title()).not.toBe('owned');
    expect(asked).toEqual([]);
    await page.context().close();

    // Without the policy all of it would have worked.
    const open = await openWith(clean.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, ''));
    const all = ['background', 'form', 'frame', 'img', 'object', 'script', 'style'].map((path) => `/${path}`);
    await expect.poll(() => [...new Set(asked)].sort()).toEqual(all);
    await open.page.context().close();
  });
});

/** A server that writes down what it is asked for. */
async function startListener() {
  const asked: string[] = [];
  const server = createServer(({ url }, response) => {
    asked.push((url ?? '').replace(/\?.*/, ''));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onStop(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { asked, at: (path: string) => `http://127.0.0.1:${port}/${path}` };
}
