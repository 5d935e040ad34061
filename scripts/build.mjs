// Builds dist/: the program as one bundle per lazily loaded part, and every runbook checked and compiled to JSON.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const root = new URL('..', import.meta.url);
const path = (relative) => new URL(relative, root).pathname;

const common = {
  absWorkingDir: path('.'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
  // The CommonJS packages in the bundle call require() for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};

const { version } = JSON.parse(await readFile(path('package.json'), 'utf8'));
await rm(path('dist'), { recursive: true, force: true });
await build({
  ...common,
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  splitting: true,
  minify: true,
  legalComments: 'none',
  chunkNames: 'chunks/[name]-[hash]',
  define: { __VERSION__: JSON.stringify(version) },
});

await build({ ...common, entryPoints: ['src/runbooks/parse.ts'], outfile: 'dist/.compile/parse.mjs' });
const { parseRunbook } = await import(new URL('dist/.compile/parse.mjs', root));
await mkdir(path('dist/runbooks'), { recursive: true });
for (const file of await readdir(path('src/runbooks'))) {
  if (!file.endsWith('.yaml')) continue;
  const name = file.slice(0, -'.yaml'.length);
  const runbook = parseRunbook(await readFile(path(`src/runbooks/${file}`), 'utf8'), `src/runbooks/${file}`);
  if (runbook.name !== name)
    throw new Error(`src/runbooks/${file}: name is ${runbook.name}, expected ${name}`);
  await writeFile(path(`dist/runbooks/${name}.json`), JSON.stringify(runbook));
}
await rm(path('dist/.compile'), { recursive: true });
