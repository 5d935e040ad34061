// Run by the build in a process of its own: runs the program once and stores V8's compiled code of all that it used.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

const [, , file, ...argv] = process.argv;
const script = new Script(readFileSync(file, 'latin1'), { filename: 'program.cjs' });
process.argv = [process.execPath, file, ...argv];
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
process.once('beforeExit', () => {
  // Which Node made it; boot.ts lets no other use it.
  const { versions, platform, arch, execPath } = process;
  const maker = JSON.stringify([versions.node, versions.v8, platform, arch, execPath]);
  writeFileSync(`${file}.cache`, Buffer.concat([Buffer.from(`${maker}\n`), script.createCachedData()]));
  process.exitCode = 0;
});
