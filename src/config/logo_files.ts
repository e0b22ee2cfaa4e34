/** Reads the images that `pages.logo_file` names: a wrong one is found at the start, and workers need no file. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { KeyPath, Report } from './problems.ts';
import { whyUnreadable } from './secrets.ts';
import { isMapping, type Raw, type RawMapping } from './yaml/raw.ts';

/** Bytes. As base64, with the page around it, it fits in the 64 KiB that HAProxy reads of a response. */
const MAX_LOGO_BYTES = 32 * 1024;

/**
 * Puts a `data:` URI in the place of each path, in place: at the top level, in `defaults` and in each application.
 * @param folder that a relative path starts from
 */
export function readLogoFiles(raw: RawMapping, folder: string, report: Report): void {
  // An alias shows the same mapping twice; many applications may name the same file.
  const seen = new Set<RawMapping>();
  const read = new Map<string, string | undefined>();
  const readIn = (owner: Raw | undefined, path: KeyPath) => {
    const pages = isMapping(owner) ? owner.pages : undefined;
    // An empty one is reported by the schema.
    if (!isMapping(pages) || typeof pages.logo_file !== 'string' || pages.logo_file === '' || seen.has(pages)) return;
    seen.add(pages);
    const file = resolve(folder, pages.logo_file);
    if (!read.has(file))
      read.set(
        file,
        readLogo(file, (why) => report([...path, 'pages', 'logo_file'], why)),
      );
    pages.logo_file = read.get(file) ?? '';
    if (pages.logo_file === '') delete pages.logo_file;
  };
  readIn(raw, []);
  readIn(raw.defaults, ['defaults']);
  if (!Array.isArray(raw.applications)) return;
  for (const [index, application] of raw.applications.entries()) readIn(application, ['applications', index]);
}

/** The image as a `data:` URI (RFC 2397); `undefined` after a problem. */
function readLogo(file: string, problem: (why: string) => void): string | undefined {
  try {
    const status = statSync(file);
    if (!status.isFile()) problem(`names ${file}, which is ${status.isDirectory() ? 'a folder' : 'no file'}`);
    else if (status.size > MAX_LOGO_BYTES) {
      problem(`names ${file}, which has ${status.size} bytes: a logo has at most ${MAX_LOGO_BYTES} (32 KiB)`);
    } else return dataUri(file, readFileSync(file), problem);
  } catch (error) {
    problem(`names ${file}, which ${whyUnreadable(error)}`);
  }
  return undefined;
}

function dataUri(file: string, bytes: Buffer, problem: (why: string) => void): string | undefined {
  const type = typeOf(bytes);
  if (type !== undefined) return `data:${type};base64,${bytes.toString('base64')}`;
  problem(`names ${file}, which is no image that pages can show: PNG, SVG (with its xmlns), JPEG, WebP or GIF`);
  return undefined;
}

/** How the files of a type begin, one character a byte. */
const SIGNATURES: readonly (readonly [type: string, start: RegExp])[] = [
  ['image/png', /^\x89PNG\r\n\x1a\n/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8[79]a/],
  ['image/webp', /^RIFF[\s\S]{4}WEBP/],
];

/** By the content, as browsers tell images apart (MIME Sniffing standard, section 6.1); an ending may be wrong. */
function typeOf(bytes: Buffer): string | undefined {
  const start = bytes.toString('latin1', 0, 16);
  const [type] = SIGNATURES.find(([, signature]) => signature.test(start)) ?? [];
  return type ?? (isSvg(bytes.toString('utf8')) ? 'image/svg+xml' : undefined);
}

/**
 * Whether a text is an SVG document that browsers show as an image: they want the namespace.
 * Attack: a script or a link to elsewhere in an SVG. The page shows it as an `<img>`, where no browser runs scripts or
 * loads anything (SVG Integration, secure static mode), and the policy of the page forbids both.
 */
function isSvg(text: string): boolean {
  const [, root, attributes = ''] = /<(?![?!])([\w:]+)([^>]*)>/.exec(text.replace(/<!--[\s\S]*?-->/g, '')) ?? [];
  return root === 'svg' && /\sxmlns\s*=\s*["']http:\/\/www\.w3\.org\/2000\/svg["']/.test(attributes);
}
