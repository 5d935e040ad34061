import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pattern = (region: string) => new RegExp(`<!-- ${region} -->\\n[\\s\\S]*?<!-- /${region} -->`);

const pagesOf = (files: readonly string[]) => files.filter((file) => file.endsWith('.md')).sort();

/** The pages of docs/ and of its folders, from the root of the repository. */
export const PAGES = pagesOf(
  readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' }).map((file) => `docs/${file}`),
);

/** The README, its neighbours and the pages. */
export const DOCUMENTS = [...pagesOf(readdirSync(root)), ...PAGES];

export const documentText = (document: string): string => readFileSync(`${root}${document}`, 'utf8');

/** What a heading is called in a link to it. */
export const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

/** What stands under a heading of the second level; nothing where a document has no such heading. */
export const chapterOf = (document: string, anchor: string): string =>
  documentText(document)
    .split(/^## /m)
    .slice(1)
    .find((text) => anchorOf(text.split('\n')[0] ?? '') === anchor) ?? '';

/**
 * A region of a document that a program writes, wherever it stands: compared, or written anew with UPDATE_README=1.
 * @param command what writes it
 */
export function expectRegion(region: string, body: string, command: string): void {
  const homes = DOCUMENTS.filter((document) => pattern(region).test(documentText(document)));
  expect(homes, `documents with <!-- ${region} --> and <!-- /${region} -->`).toHaveLength(1);
  const [home = ''] = homes;
  const wrapped = `<!-- ${region} -->\n${body}\n<!-- /${region} -->`;
  // Read and written at one go: several tests write regions of the same document.
  const text = documentText(home);
  if (process.env.UPDATE_README === '1') {
    writeFileSync(
      `${root}${home}`,
      text.replace(pattern(region), () => wrapped),
    );
  } else {
    expect(pattern(region).exec(text)?.[0], `${home} is stale, run: ${command}`).toBe(wrapped);
  }
}
