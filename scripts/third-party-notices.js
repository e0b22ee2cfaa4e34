/** Writes `THIRD_PARTY_LICENSES`: name, version and licence of every package whose code is in the bundled command. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i;
const RULE = '-'.repeat(80);

/** The folder of the package that a bundled file belongs to, with a slash at its end; `undefined`: the file is Gatepost's. */
function packageOf(input) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(input)?.[0];
}

function noticeOf(folder, root) {
  const at = new URL(folder, root);
  const { name, version, license, author } = JSON.parse(readFileSync(new URL('package.json', at), 'utf8'));
  const files = readdirSync(at)
    .filter((file) => LICENCE_FILE.test(file))
    .sort();
  const texts = files.map((file) => readFileSync(new URL(file, at), 'utf8').trim());
  if (texts.length === 0) {
    // Some packages name their licence and leave out its text.
    if (typeof license !== 'string') throw new Error(`${name} ${version} has no licence: it cannot be shipped`);
    const holder = typeof author === 'object' ? author.name : author;
    texts.push(`Licence: ${license}${holder ? `, by ${holder}` : ''}. The package has no licence file.`);
  }
  return { name, version, text: `${name} ${version}\n${RULE}\n\n${texts.join('\n\n')}\n` };
}

/** `inputs` are the paths in esbuild's metafile, relative to `root`. */
export function writeNotices(inputs, root, target) {
  const folders = [...new Set(inputs.map(packageOf).filter((folder) => folder && existsSync(new URL(folder, root))))];
  const notices = folders.map((folder) => noticeOf(folder, root));
  notices.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const head = 'The command `gatepost` contains code of the packages below, each under its own licence.\n';
  writeFileSync(target, [head, ...notices.map(({ text }) => text)].join(`\n${'='.repeat(80)}\n\n`));
}
