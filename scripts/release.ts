/**
 * What a release needs beside git: `release.ts set VERSION` writes the version into every file that has it, `check TAG`
 * fails where one of them or the changelog disagrees with the tag, `notes TAG` prints the changelog's section.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** A place in a file that holds the version: the first group of the pattern. */
interface Place {
  file: string;
  pattern: RegExp;
}

const PLACES: Place[] = [
  { file: 'package.json', pattern: /^ {2}"version": "([^"]+)"/m },
  { file: 'package-lock.json', pattern: /^ {2}"version": "([^"]+)"/m },
  { file: 'package-lock.json', pattern: /^ {4}"": \{\n {6}"name": "[^"]+",\n {6}"version": "([^"]+)"/m },
  { file: 'kubernetes/chart/Chart.yaml', pattern: /^version: (\S+)$/m },
  { file: 'kubernetes/chart/Chart.yaml', pattern: /^appVersion: (\S+)$/m },
  { file: 'kubernetes/gatepost/deployment.yaml', pattern: /^ +image: registry\.example\.com\/gatepost:(\S+)$/m },
  { file: 'kubernetes/gatepost/deployment.yaml', pattern: /^# - registry\.example\.com\/gatepost:(\S+) with/m },
];

/** Semantic Versioning 2.0.0, without build metadata: npm and image tags have no use for it. */
const VERSION = /^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

function versionOf(tag: string): string {
  const version = tag.replace(/^v/, '');
  if (!VERSION.test(version)) throw new Error(`${JSON.stringify(tag)} is no version such as v1.2.3`);
  return version;
}

const read = (folder: URL, file: string) => readFileSync(new URL(file, folder), 'utf8');

/** @returns one sentence for each place that disagrees with the tag */
export function checkRelease(folder: URL, tag: string): string[] {
  const version = versionOf(tag);
  const wrong = PLACES.flatMap(({ file, pattern }) => {
    const found = pattern.exec(read(folder, file))?.[1];
    return found === version ? [] : [`${file} has ${found ?? 'no version'} where ${version} should be`];
  });
  return releaseNotes(folder, tag) === '' ? [...wrong, `CHANGELOG.md has no section [${version}]`] : wrong;
}

/** Writes the version of a release into every file that has it. */
export function setVersion(folder: URL, given: string): void {
  const version = versionOf(given);
  for (const { file, pattern } of PLACES) {
    const text = read(folder, file);
    if (!pattern.test(text)) throw new Error(`${file} has no version where one should be`);
    const written = text.replace(pattern, (line, old: string) => {
      const at = line.lastIndexOf(old);
      return line.slice(0, at) + version + line.slice(at + old.length);
    });
    writeFileSync(new URL(file, folder), written);
  }
}

/** The changelog's section of a release, without its heading; empty where there is none. */
export function releaseNotes(folder: URL, tag: string): string {
  const version = versionOf(tag);
  const sections = read(folder, 'CHANGELOG.md').split(/^## /m);
  const found = sections.find((section) => section.startsWith(`[${version}]`)) ?? '';
  return found.slice(found.indexOf('\n') + 1).trim();
}

function main([command, tag]: string[]): number {
  const folder = new URL('../', import.meta.url);
  if (tag !== undefined && command === 'set') setVersion(folder, tag);
  else if (tag !== undefined && command === 'notes') console.log(releaseNotes(folder, tag));
  else if (tag !== undefined && command === 'check') {
    const wrong = checkRelease(folder, tag);
    for (const sentence of wrong) console.error(sentence);
    return wrong.length === 0 ? 0 : 1;
  } else {
    console.error('usage: release.ts set VERSION | check TAG | notes TAG');
    return 2;
  }
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = main(process.argv.slice(2));
