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

/**
 * Start-up is part of the product: what axios brings for browsers, forms, redirects and HTTP/2 is never used here
 * (redirects are refused: maxRedirects 0) and costs some 40 ms: a MIME database, Node's http2 and assert, and undici,
 * which loads as soon as anything looks at the global FormData.
 */
const lean = {
  name: 'lean',
  setup({ onResolve, onLoad }) {
    const nothing = (path) => ({ path, namespace: 'nothing' });
    onResolve({ filter: /^(form-data|http2|follow-redirects)$/ }, ({ path: name }) => nothing(name));
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'export default class {}' }));
    onLoad({ filter: /axios\/lib\/adapters\/(xhr|fetch)\.js$/ }, () => ({
      contents: 'export default false; export const getFetch = () => false;',
    }));
    onLoad({ filter: /axios\/lib\/utils\.js$/ }, async ({ path: file }) => {
      const source = await readFile(file, 'utf8');
      const contents = source.replace(/typeof G\.FormData !== 'undefined' \? G\.FormData : undefined/, 'undefined');
      if (contents === source) throw new Error(`${file} no longer looks at G.FormData: adapt the plugin`);
      return { contents };
    });
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
  plugins: [lean],
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
