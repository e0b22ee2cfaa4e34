/** Says everything about a configuration: what it is, what is wrong with it, and what is hardly meant. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { warnOfVariables } from './checks/placeholders.ts';
import { warnOf } from './checks/warnings.ts';
import { freeze } from './freeze.ts';
import { VARIABLES } from './outpost/variables.ts';
import { type ConfigProblem, formatKey, type KeyPath, type Report } from './problems.ts';
import type { Config } from './schema/config.ts';
import { type ValueSources, whyUnreadable } from './secrets.ts';
import { type OutpostReading, validateConfig } from './validate.ts';
import { isMapping, type Raw, type RawMapping } from './yaml/raw.ts';
import { readYaml } from './yaml/read.ts';

export interface ParseOptions {
  /** Where `${NAME}` is looked up; the process's own environment where it is left out. */
  env?: ValueSources['env'] | undefined;
  /** The name that errors give to the file, and where a relative `<key>_file` starts from. */
  file?: string | undefined;
  /** Is told the path of each file that the configuration names, also where it is wrong. */
  onFile?: ((path: string) => void) | undefined;
}

export interface InspectOptions extends ParseOptions {
  /** Outpost mode, though the text has no `outpost`: the environment has it, and the text may be empty. */
  outpost?: boolean | undefined;
}

export interface Inspection {
  /** A snapshot: neither it nor anything in it can be changed. `undefined` where there are errors. */
  config: Config | undefined;
  /** In the order of the file. */
  errors: readonly ConfigProblem[];
  /** What is valid but hardly meant, in the order of the file. */
  warnings(): ConfigProblem[];
  /** In outpost mode alone: by the file, or as it was wanted. */
  outpost?: OutpostReading | undefined;
}

export const DEFAULT_NAME = 'gatepost.yaml';

/** Reads a configuration file. One that cannot be read is an answer too. */
export async function inspectFile(path: string, options: Omit<InspectOptions, 'file'> = {}): Promise<Inspection> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return wrong([fileProblem(`the configuration file ${whyUnreadable(error)}`)]);
  }
  const text = decode(bytes);
  if (text === undefined) return wrong([fileProblem('the configuration file is not UTF-8 text')]);
  return inspectText(text, { ...options, file: path });
}

/** Reads the files that `<key>_file` names, and nothing else. */
export function inspectText(text: string, options: InspectOptions): Inspection {
  const { env = process.env, file = DEFAULT_NAME, onFile } = options;
  const { raw: read, problems: mistakes, lineOf } = readYaml(text);
  if (mistakes.length > 0) return wrong(mistakes);
  const raw = read === null && options.outpost ? {} : read;
  if (!isMapping(raw)) return wrong([fileProblem(whatElse(raw))]);
  const into =
    (problems: ConfigProblem[]): Report =>
    (path, message) =>
      problems.push({ key: formatKey(path), line: isVariable(path, raw) ? 0 : lineOf(path), message });
  const errors: ConfigProblem[] = [];
  const sources = { env, folder: dirname(file), onFile, outpost: options.outpost };
  const { config, place, outpost } = validateConfig(raw, sources, into(errors));
  return {
    config: config && freeze(config),
    errors: inOrder(errors),
    outpost,
    warnings() {
      const warnings: ConfigProblem[] = [];
      const report = (path: KeyPath, message: string) => into(warnings)(place(path), message);
      // Of what is wrong only this much can be said; a secret that was not replaced may be too short, say.
      if (config) warnOf(config, report);
      else warnOfVariables(raw, report);
      return inOrder(once(warnings));
    },
  };
}

function wrong(errors: ConfigProblem[]): Inspection {
  return { config: undefined, errors: inOrder(errors), warnings: () => [] };
}

/** A key of this name, which is none, has a line of its own. */
function isVariable([first]: KeyPath, raw: RawMapping): boolean {
  return VARIABLES.some((name) => name === first) && !Object.hasOwn(raw, String(first));
}

function fileProblem(message: string): ConfigProblem {
  return { key: '', line: 0, message };
}

/** What is written once, in `defaults`, is one warning. */
function once(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

function whatElse(raw: Raw): string {
  if (raw === null) return 'the file is empty: it needs at least secret and applications';
  return `the file must be a mapping of keys to values (secret: …), not ${Array.isArray(raw) ? 'a list' : 'one text'}`;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function inOrder(problems: ConfigProblem[]): ConfigProblem[] {
  return problems.sort((one, other) => one.line - other.line);
}
