import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const path = fileURLToPath(new URL('../../README.md', import.meta.url));
const pattern = (region: string) => new RegExp(`<!-- ${region} -->\\n[\\s\\S]*?<!-- /${region} -->`);

/** A region of the README that a program writes: compared, or written anew with UPDATE_README=1. */
export async function expectRegion(region: string, body: string, command: string): Promise<void> {
  const readme = await readFile(path, 'utf8');
  const wrapped = `<!-- ${region} -->\n${body}\n<!-- /${region} -->`;
  if (process.env.UPDATE_README === '1') {
    await writeFile(
      path,
      readme.replace(pattern(region), () => wrapped),
    );
  } else {
    expect(pattern(region).exec(readme)?.[0], `run: ${command}`).toBe(wrapped);
  }
}
