// Builds dist/: the program as one script with V8's cache of its compiled code, and every runbook as checked JSON.
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('..', import.meta.url);
const path = (relative) => fileURLToPath(new URL(relative, root));

const common = {
  absWorkingDir: path('.'),
  bundle: true,
  platform: 'node',
  target: 'node20.17',
  logLevel: 'warning',
  legalComments: 'none',
};

/**
 * Start-up is part of the product: what axios brings for browsers, forms, redirects and HTTP/2 is never used here
 * (redirects are refused: maxRedirects 0) and costs some 40 ms: a MIME database, Node's http2 and assert, and undici,
 * which loads as soon as anything looks at the global FormData. The debug package of ioredis goes too, and
 * child_process, which commander would need for subcommands that are programs of their own, and prompts never asked.
 */
const lean = {
  name: 'lean',
  setup({ onResolve, onLoad }) {
    const nothing = (path) => ({ path, namespace: 'nothing' });
    onResolve(
      {
        filter:
          /^(form-data|http2|follow-redirects|node:child_process|@inquirer\/(?:confirm|editor|expand|number|password|rawlist|search))$/,
      },
      ({ path: name }) => nothing(name),
    );
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'export default class {}' }));
    // Inquirer's: it would end the process by itself, since our own listener of a signal is gone once it was called.
    onResolve({ filter: /^signal-exit$/ }, ({ path: name }) => ({ path: name, namespace: 'signals' }));
    onLoad({ filter: /.*/, namespace: 'signals' }, () => ({
      contents: 'export const onExit = () => () => {};',
    }));
    onResolve({ filter: /^debug$/ }, () => ({ path: 'debug', namespace: 'silent' }));
    onLoad({ filter: /.*/, namespace: 'silent' }, () => ({
      contents:
        'const make = () => Object.assign(() => {}, { enabled: false }); module.exports = Object.assign(make, { default: make });',
    }));
    onLoad({ filter: /axios\/lib\/adapters\/(xhr|fetch)\.js$/ }, () => ({
      contents: 'export default false; export const getFetch = () => false;',
    }));
    onLoad({ filter: /axios\/lib\/utils\.js$/ }, async ({ path: file }) => {
      const source = await readFile(file, 'utf8');
      const contents = source.replace(
        /typeof G\.FormData !== 'undefined' \? G\.FormData : undefined/,
        'undefined',
      );
      if (contents === source) throw new Error(`${file} no longer looks at G.FormData: adapt the plugin`);
      return { contents };
    });
  },
};

/** The chart library is a file of its own, which only pages with charts load. */
const charts = {
  name: 'charts',
  setup({ onResolve }) {
    onResolve({ filter: /\/engine\.ts$/ }, () => ({ path: './charts.cjs', external: true }));
  },
};

/** What the licences of the chart library ask of whoever passes it on. */
async function chartLicences() {
  const files = ['echarts/LICENSE', 'echarts/NOTICE', 'zrender/LICENSE'];
  const texts = files.map((file) => readFile(path(`node_modules/${file}`), 'utf8'));
  return `charts.cjs holds echarts and zrender, which are under these licences.\n\n${(await Promise.all(texts)).join('\n\n')}`;
}

/** The program: one script as a function of what Node gives a CommonJS module, run by boot.ts. */
async function buildProgram(dist) {
  const { version } = JSON.parse(await readFile(path('package.json'), 'utf8'));
  const file = `${dist}/program.cjs`;
  const define = { __VERSION__: JSON.stringify(version) };
  await build({
    ...common,
    entryPoints: ['src/main.ts'],
    outfile: file,
    format: 'cjs',
    minify: true,
    // A script that is run from its text can require and not import.
    supported: { 'dynamic-import': false },
    plugins: [lean, charts],
    define: { ...define, 'import.meta.url': '__url' },
    banner: {
      js: "(function (exports, require, module, __filename, __dirname) { const __url = require('node:url').pathToFileURL(__filename).href;",
    },
    footer: { js: '})' },
  });
  await build({
    ...common,
    entryPoints: ['src/output/html/engine.ts'],
    outfile: `${dist}/charts.cjs`,
    format: 'cjs',
    minify: true,
  });
  await writeFile(`${dist}/charts.LICENSE`, await chartLicences());
  await build({
    ...common,
    entryPoints: ['src/boot.ts'],
    outfile: `${dist}/main.cjs`,
    format: 'cjs',
    define,
  });
  return file;
}

/** Every runbook, checked, as JSON: start-up pays for no YAML. */
async function buildRunbooks(dist) {
  const parser = `${dist}/parse.cjs`;
  await build({ ...common, entryPoints: ['src/runbooks/parse.ts'], outfile: parser, format: 'cjs' });
  const { parseRunbook } = createRequire(import.meta.url)(parser);
  await mkdir(`${dist}/runbooks`, { recursive: true });
  for (const file of await readdir(path('src/runbooks'))) {
    if (!file.endsWith('.yaml')) continue;
    const name = file.slice(0, -'.yaml'.length);
    const source = `src/runbooks/${file}`;
    const runbook = parseRunbook(await readFile(path(source), 'utf8'), source);
    if (runbook.name !== name) throw new Error(`${source}: name is ${runbook.name}, expected ${name}`);
    await writeFile(`${dist}/runbooks/${name}.json`, JSON.stringify(runbook));
  }
  await rm(parser);
}

/** Every incident of the drill, checked, as JSON. */
async function buildIncidents(dist) {
  const parser = `${dist}/parse-incident.cjs`;
  await build({ ...common, entryPoints: ['src/incidents/parse.ts'], outfile: parser, format: 'cjs' });
  const { parseIncident } = createRequire(import.meta.url)(parser);
  await mkdir(`${dist}/incidents`, { recursive: true });
  for (const file of await readdir(path('src/drill/incidents'))) {
    const source = `src/drill/incidents/${file}`;
    const incident = parseIncident(await readFile(path(source), 'utf8'), source);
    await writeFile(`${dist}/incidents/${file.replace(/\.yaml$/, '.json')}`, JSON.stringify(incident));
  }
  await rm(parser);
}

/** Runs the program, so that what it needs is compiled; whatever else runs later is compiled then. */
function warm(file) {
  const home = dirname(file);
  const { status, stderr } = spawnSync(process.execPath, [path('scripts/warm.mjs'), file], {
    env: { XDG_CONFIG_HOME: home, XDG_STATE_HOME: home },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the program does not start: ${stderr}`);
}

// Built aside and moved into place: whoever runs the program meanwhile finds the old one or the new one, whole.
const fresh = await mkdtemp(path('dist.new-'));
const old = `${fresh}.old`;
await chmod(fresh, 0o755);
try {
  const file = await buildProgram(fresh);
  await buildRunbooks(fresh);
  await buildIncidents(fresh);
  warm(file);
  // The journal of that run.
  await rm(`${fresh}/ratelimit`, { recursive: true });
  await rename(path('dist'), old).catch(() => {});
  await rename(fresh, path('dist'));
} finally {
  await rm(fresh, { recursive: true, force: true });
  await rm(old, { recursive: true, force: true });
}
