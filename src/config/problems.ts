/**
 * What is wrong with a configuration: every problem with its key, its line and what is allowed, never a secret's value.
 */
import { GatepostError } from '../errors.ts';

export type KeyPath = readonly (string | number)[];

export interface ConfigProblem {
  /** `applications[0].client_id`, or a variable of the environment; empty where the file as a whole is meant. */
  key: string;
  /** Counted from 1; 0 where no line is to blame. */
  line: number;
  message: string;
}

/** Takes note of a problem and goes on: all are reported together. */
export type Report = (path: KeyPath, message: string) => void;

/** The configuration cannot be used. `problems` is in the order of the file; `message` has one line for each. */
export class ConfigError extends GatepostError {
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    super('configuration_error', problems.map((problem) => formatProblem(file, problem)).join('\n'));
    this.problems = problems;
  }
}

/** `gatepost.yaml:12: applications[0].client_id: is required (…)`, as editors and terminals link it. */
export function formatProblem(file: string, { key, line, message }: ConfigProblem): string {
  return [line > 0 ? `${file}:${line}` : placeOf(file, key), ...(key === '' ? [] : [key]), message].join(': ');
}

/** Keys of the file are in lower case, and an unknown one has a line. */
function placeOf(file: string, key: string): string {
  return /^[A-Z]/.test(key) ? 'the environment' : file;
}

export function formatKey(path: KeyPath): string {
  return path.reduce<string>((key, part) => {
    if (typeof part === 'number') return `${key}[${part}]`;
    return key === '' ? part : `${key}.${part}`;
  }, '');
}

/** A value as an error shows it: quoted, short, without the password that a URL may carry. */
export function show(value: string): string {
  const bare = value.replace(/\/\/[^/\s]*@/g, '//…@');
  return JSON.stringify(bare.length > 80 ? `${bare.slice(0, 80)}…` : bare);
}
