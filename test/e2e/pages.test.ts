import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Capture } from '../../src/evidence/capture-schema.ts';
import type { Reading } from '../../src/evidence/types.ts';
import { faintTexts, startBrowser, visit } from '../support/browser.ts';
import { absent, agents, counters, crowd, evidence, rejects, unknown } from '../support/evidence.ts';
import { onStop, stopEverything, temporaryFolder } from '../support/processes.ts';
import { runInTerminal, runProgram } from '../support/program.ts';
import { at, captureAt, chart, line } from '../support/report.ts';

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
  `${'x'.repeat(190)}`,
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

/** Two looks at an incident in which everything has such a name; the second one says that it is over. */
function looks(): Capture[] {
  const lines = NAMES.map((name, index) => line(name, '02:30:00', '03:24:30', () => NAMES.length - index));
  const period = { name: NAMES[0] ?? '', labels: { severity: NAMES[1] ?? '' }, open: false };
  const kept = {
    history: [
      chart(
        'rejects-by-tenant',
        lines,
        line('', '02:30:00', '03:24:30', () => 45),
      ),
    ],
    alertHistory: {
      ...{ names: NAMES, stepSeconds: 15, reason: NAMES[2] ?? '', cause: null },
      periods: [{ ...period, fromMs: at('02:40:00'), toMs: at('03:10:00') }],
    },
  };
  return [captureAt('03:12:04', evidence(READINGS), kept), captureAt('03:24:30', evidence(), kept)];
}

let browser: Browser;
let folder = '';
const files: Record<string, string> = {};
beforeAll(async () => {
  folder = await temporaryFolder('pages');
  const captures = looks().map((capture, index) => ({ file: join(folder, `look-${index}.json`), capture }));
  await Promise.all(captures.map(({ file, capture }) => writeFile(file, JSON.stringify(capture))));
  const [first = '', second = ''] = captures.map(({ file }) => file);
  const make = async (...args: string[]) => {
    const { code, stdout, stderr } = await runProgram([...args, '-o', 'html']);
    // Something could not be read.
    expect({ stderr, code }).toEqual({ stderr: '', code: 5 });
    const file = join(folder, `${args[0]}.html`);
    await writeFile(file, stdout);
    return file;
  };
  const [started, triage, report] = await Promise.all([
    startBrowser(),
    make('triage', '--from', first, '--top', '99'),
    make('report', '--from', first, second),
  ]);
  browser = started;
  Object.assign(files, { triage, report });
});
afterAll(stopEverything);

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };
const openAll = `document.querySelectorAll('details').forEach((one) => { one.open = true; })`;

describe.each(['triage', 'report'])('the page of %s', (name) => {
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

  test('is printed black on white, with its charts and all that is folded', async () => {
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
    const isTriage = name === 'triage';
    const shown = page.locator(isTriage ? 'details:not([open]) li' : '.chart svg.wide').first();
    expect((await shown.boundingBox())?.height).toBeGreaterThan(isTriage ? 10 : 80);
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
      .toBeGreaterThanOrEqual(6);
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

test('on a terminal it says where a page belongs', async () => {
  const { code, output } = await runInTerminal([
    'triage',
    '--from',
    join(folder, 'look-0.json'),
    '-o',
    'html',
  ]);
  expect(code).toBe(5);
  expect(output).toMatch(
    /<\/html>\r\nThat was a page for a browser: ratelimit triage -o html > triage\.html\r\n$/,
  );
});

test('a chart is drawn for a phone and for a desk, one of them is shown, and its lines are told apart', async () => {
  for (const [viewport, shown] of [
    [PHONE, 'narrow'],
    [DESK, 'wide'],
  ] as const) {
    const { page } = await visit(browser, files.report ?? '', { viewport });
    const drawings = page.locator('.chart svg[role=img]:visible');
    expect(await drawings.count()).toBeGreaterThan(0);
    const sizes = await drawings.evaluateAll((all) => all.map((one) => one.getAttribute('class')));
    expect(new Set(sizes)).toEqual(new Set([shown]));
    const colours = () =>
      page.evaluate<string[]>(
        `[...document.querySelectorAll('.chart svg.${shown} path[stroke-width="2"]')].map((one) => getComputedStyle(one).stroke + getComputedStyle(one).strokeDasharray)`,
      );
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await colours();
    expect(new Set(light).size).toBeGreaterThanOrEqual(NAMES.length);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await colours()).not.toEqual(light);
    await page.context().close();
  }
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
