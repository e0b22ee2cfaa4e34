/** `gatepost snippet`: the proxy's files with the operator's own hosts, ports and cookie names, on standard output or in a folder. */
import { closeSync, constants, lstatSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT_FAILED, EXIT_OK, type Io } from './io.ts';
import { loadCommandConfig } from './load_config.ts';
import { PROXIES, type ProxyFiles } from './snippet/proxies.ts';
import {
  readSettings,
  SnippetError,
  type SnippetFile,
  type SnippetOptions,
  type SnippetSettings,
} from './snippet/settings.ts';
import { stepsLeft } from './snippet/steps.ts';

export interface SnippetFlags extends SnippetOptions {
  out?: string;
  /** Writes over files that are there. */
  force?: boolean;
}

/** `printFile` writes a text with its tabs. */
type SnippetIo = Io & { printFile: Io['out'] };

/** What is left to do goes to standard error: standard output has the files alone. */
export async function snippetCommand(
  proxy: string,
  named: string | undefined,
  { out: folder, force = false, ...options }: SnippetFlags,
  io: SnippetIo,
): Promise<number> {
  const found = Object.hasOwn(PROXIES, proxy) ? PROXIES[proxy] : undefined;
  if (!found) return fail(io, `there are files for ${Object.keys(PROXIES).join(', ')}; not for ${proxy}`);
  const config = await loadCommandConfig(named, io);
  try {
    const settings = readSettings(config, options, found.inside);
    refuseUseless(proxy, found, options, settings);
    const files = found.files(settings);
    if (folder === undefined) print(files, io);
    else write(files, folder, force, io);
    for (const line of stepsLeft(found, settings, options, config)) io.error(line);
  } catch (error) {
    if (!(error instanceof SnippetError)) throw error;
    return fail(io, error.message);
  }
  return EXIT_OK;
}

function fail(io: Io, problem: string): number {
  io.error(`gatepost: ${problem}`);
  return EXIT_FAILED;
}

/** An option without effect would mislead. */
function refuseUseless(
  proxy: string,
  { takes }: ProxyFiles,
  options: SnippetOptions,
  { front }: SnippetSettings,
): void {
  for (const option of ['behind', 'certificate', 'key'] as const) {
    if (options[option] === undefined) continue;
    if (!takes.includes(option)) throw new SnippetError(`--${option} has no meaning for the files of ${proxy}`);
    if (option === 'behind') continue;
    if (front !== 'tls')
      throw new SnippetError(`--${option} is for a proxy that ends TLS: external_host is https, and no --behind`);
    // Attack: a line break or quote in a path would be read as further lines of the proxy's configuration.
    if (!/^[\w./@+-]+$/.test(options[option]))
      throw new SnippetError(`--${option} must be a path of letters, digits and . / @ + - _`);
  }
}

function print(files: readonly SnippetFile[], { printFile }: SnippetIo): void {
  for (const { name, text } of files) {
    printFile(`# file: ${name}`);
    printFile(text.replace(/\n$/, ''));
  }
}

/** All files or none: what is there is found before the first is written. */
function write(files: readonly SnippetFile[], folder: string, force: boolean, { out }: Io): void {
  const targets = files.map(({ name, text }) => ({ name, path: join(folder, name), text }));
  const links = [...new Set(targets.flatMap(({ name }) => linksOnTheWay(folder, name)))];
  if (links.length > 0)
    throw new SnippetError(`${links.join(', ')}: nothing is written through a link, which may lead anywhere`);
  const there = force ? [] : targets.filter(({ path }) => statusOf(path) !== undefined);
  if (there.length > 0)
    throw new SnippetError(`${there.map(({ path }) => path).join(', ')} exists already: --force writes over it`);
  for (const { path, text } of targets) {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(path, force ? OVERWRITE : CREATE);
    writeFileSync(file, text);
    closeSync(file);
    out(path);
  }
}

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
/** A link that was put there since is not followed either. */
const OVERWRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

const statusOf = (path: string) => lstatSync(path, { throwIfNoEntry: false });

/**
 * Attack: in a folder where others may write (`--out /tmp/proxy`) somebody has put a link in the place of a file or
 * folder, and the operator, often root, writes over the file that it leads to.
 * @returns the links below the folder, which itself may be one
 */
function linksOnTheWay(folder: string, name: string): string[] {
  const parts = name.split('/');
  const paths = parts.map((_, at) => join(folder, ...parts.slice(0, at + 1)));
  return paths.filter((path) => statusOf(path)?.isSymbolicLink());
}
