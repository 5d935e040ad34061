import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pattern = (region: string) => new RegExp(`<!-- ${region} -->\\n[\\s\\S]*?<!-- /${region} -->`);

/** The README, its neighbours and the pages of docs/, from the root of the repository. */
export const DOCUMENTS = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...readdirSync(`${root}docs`).map((file) => `docs/${file}`),
];

export const documentText = (document: string): string => readFileSync(`${root}${document}`, 'utf8');

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
