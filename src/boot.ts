import { readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

// Starts the program from V8's cache of its compiled code, made by the build on this machine: compiling half a
// megabyte of clients takes a third of a triage. V8's own check of a cache is not enough, another Node of the same V8
// version can crash on it, so the cache says which Node made it and any other compiles instead.

declare const __VERSION__: string;

const file = join(__dirname, 'program.cjs');

const [word, ...more] = process.argv.slice(2);
if (more.length === 0 && (word === '--version' || word === '-V')) {
  printVersion();
} else {
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData: cache() });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
}

function cache(): Buffer | undefined {
  try {
    const bytes = readFileSync(`${file}.cache`);
    const end = bytes.indexOf('\n');
    return bytes.toString('utf8', 0, end) === thisNode() ? bytes.subarray(end + 1) : undefined;
  } catch {
    return undefined;
  }
}

/** What a cache depends on, in one line; `scripts/warm.mjs` writes the same. */
function thisNode(): string {
  const { versions, platform, arch, execPath } = process;
  return JSON.stringify([versions.node, versions.v8, platform, arch, execPath]);
}

/** Asked for often, by scripts and by prompts: not worth the streams of process.stdout. A reader that left is no error. */
function printVersion(): void {
  try {
    writeSync(1, `${__VERSION__}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
}
