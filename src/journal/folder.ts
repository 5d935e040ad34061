import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, ignore } from './trouble.ts';

/**
 * Makes a folder (mode 0700) and those above it that are missing, on disk before it returns.
 * Not by mkdir's own `recursive`: below /proc that never ends (Node 20).
 * @throws Error of the operating system; ENOTDIR when something else than a folder is there
 */
export async function makeFolder(folder: string, isRetry = false): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    if (codeOf(error) === 'EEXIST') throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
    const parent = dirname(folder);
    if (codeOf(error) !== 'ENOENT' || parent === folder || isRetry) throw error;
    // Another process may have made the parent since.
    if (!(await isFolder(parent))) await makeFolder(parent);
    return makeFolder(folder, true);
  }
  await syncFolder(dirname(folder));
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Puts on disk which files a folder holds; where the file system cannot do that, nothing happens. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(ignore);
  await handle?.sync().catch(ignore);
  await handle?.close();
}
