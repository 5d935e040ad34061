import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { onStop, searchPath } from './processes.ts';

/** Chromium of the system, without a window; stopped by `stopEverything`. */
export async function startBrowser(): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: await pathOf('chromium-headless-shell'),
    // Root has no sandbox of its own to put it in.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  onStop(() => browser.close());
  return browser;
}

/** Where a program lies. @throws Error when it lies nowhere */
async function pathOf(program: string): Promise<string> {
  for (const folder of searchPath.split(delimiter)) {
    const file = join(folder, program);
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  throw new Error(`${program} is not installed: see scripts/ensure-servers.mjs`);
}

/** A page that has been opened, and all that it said and asked for since. */
interface Visit {
  readonly page: Page;
  /** Messages of the console, errors and dialogs. */
  readonly said: string[];
  /** Addresses, the page's own first. */
  readonly requests: string[];
}

/** Opens a file as somebody would who was sent it. */
export async function visit(
  browser: Browser,
  file: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const said: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  page.on('dialog', (dialog) => {
    said.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  return { page, said, requests };
}

/** Texts that stand out less than 4.5 to 1 from what they stand on (WCAG 2.2, 1.4.3), as they are shown now. */
export const faintTexts = (page: Page): Promise<string[]> => page.evaluate(FAINT_TEXTS);

/** Runs in the page, which has other types than a test. */
const FAINT_TEXTS = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const paperOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
      if (colour[3] > 0) throw new Error('half a background cannot be told');
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join('');
    if (own === '' || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [high, low] = [luminance(parse(element instanceof SVGElement ? style.fill : style.color)), luminance(paperOf(element))].sort((a, b) => b - a);
    const contrast = (high + 0.05) / (low + 0.05);
    if (!(contrast >= 4.5)) faint.push(contrast.toFixed(2) + ' ' + element.tagName + ' ' + own.slice(0, 60));
  }
  return faint;
})()`;
