import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

// Starts the program from V8's cache of its compiled code, made by the build on this machine: compiling half a
// megabyte of clients takes a third of a triage. V8 itself refuses a cache of another Node, and compiles instead.

declare const __VERSION__: string;

const file = fileURLToPath(new URL('./program.cjs', import.meta.url));

const [word, ...more] = process.argv.slice(2);
if (more.length === 0 && (word === '--version' || word === '-V')) {
  // Asked for often, by scripts and by prompts, and known here already.
  process.stdout.write(`${__VERSION__}\n`);
} else {
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData: cache() });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
}

function cache(): Buffer | undefined {
  try {
    return readFileSync(`${file}.cache`);
  } catch {
    return undefined;
  }
}
