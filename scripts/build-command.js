/**
 * Makes `dist/cli/main.js`, the `gatepost` command, one piece: Node opens, resolves and links some thousand small files
 * of the libraries one by one otherwise, which is half of the time from start to the first answer
 * (docs/decisions/0014-bundle-the-command.md). The library, `dist/index.js`, stays as tsc wrote it.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { EXTERNALS } from './runtime-packages.js';
import { writeNotices } from './third-party-notices.js';

const root = new URL('../', import.meta.url);
const at = (path) => new URL(path, root);
const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));

rmSync(at('dist/cli'), { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: at('.').pathname,
  // The thread that writes in a file store begins with a file of its own (src/stores/file/thread.ts).
  entryPoints: { main: 'src/cli/main.ts', writer_thread: 'src/stores/file/writer_thread.ts' },
  outdir: 'dist/cli',
  bundle: true,
  minifyWhitespace: true,
  minifySyntax: true,
  // What only one command or one store needs stays in a file of its own, loaded when it is needed.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: EXTERNALS,
  metafile: true,
  // `node --enable-source-maps` names the lines of `src` in a stack trace; the package has these files.
  sourcemap: 'linked',
  sourcesContent: false,
  define: { GATEPOST_VERSION: JSON.stringify(version) },
  // The libraries that are CommonJS ask for Node's modules by `require`.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
chmodSync(at('dist/cli/main.js'), 0o755);

// For editors; tsc has compiled what makes it.
const { jsonSchema } = await import(at('dist/config/json_schema.js'));
writeFileSync(at('dist/gatepost.schema.json'), `${JSON.stringify(jsonSchema(), null, 2)}\n`);

// Only what is in the result: what the bundler left out needs no notice.
const bundled = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs));
writeNotices(bundled, root, at('dist/THIRD_PARTY_LICENSES'));

// `npx gatepost` in a clone: npm links the commands of dependencies, but not the project's own.
// Windows makes links only for administrators; there, `node dist/cli/main.js` is the command.
if (process.platform !== 'win32') {
  const link = at('node_modules/.bin/gatepost');
  mkdirSync(new URL('.', link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync('../../dist/cli/main.js', link);
}
