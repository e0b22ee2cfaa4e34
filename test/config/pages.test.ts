/** `pages`: whose site the pages are, at three places, and the image that becomes part of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { afterAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { secret } from './example.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatepost-pages-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z"/></svg>';
const put = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content);
put('logo.svg', SVG);
put('other.svg', SVG.replace('0 0 1 1', '0 0 2 2'));
const uri = (content: string | Buffer, type = 'image/svg+xml') =>
  `data:${type};base64,${Buffer.from(content).toString('base64')}`;

const file = (top: string, pages: string[] = ['']) => `secret: ${secret}
${top}
applications:
${pages
  .map(
    (one, index) =>
      `  - { name: Site ${index}, external_host: https://${index}.example.com, issuer: https://i.example.com, client_id: c${index}${one && `, pages: ${one}`} }`,
  )
  .join('\n')}
`;
const parse = (text: string) => parseConfig(text, { env: { NAME: 'Example' }, file: join(folder, 'gatepost.yaml') });
const problemsOf = (text: string) => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

it('says nothing where it is left out, and the language is that of the browser', () => {
  const { pages, applications } = parse(file(''));
  expect([pages, applications[0]?.pages]).toEqual([{ language: 'auto' }, { language: 'auto' }]);
});

it('is joined key by key: application, defaults, top level', () => {
  const top = `pages: { title: "\${NAME} Ltd", logo_file: logo.svg, contact: help@example.com }
defaults: { pages: { contact: https://help.example.com, language: de } }`;
  const { pages, applications } = parse(file(top, ['', '{ title: One, language: en }']));
  expect(pages).toEqual({ title: 'Example Ltd', logo: uri(SVG), contact: 'help@example.com', language: 'auto' });
  const rest = { logo: uri(SVG), contact: 'https://help.example.com' };
  expect(applications.map(({ pages }) => pages)).toEqual([
    { ...rest, title: 'Example Ltd', language: 'de' },
    { ...rest, title: 'One', language: 'en' },
  ]);
});

it('has another logo for an application that names one', () => {
  const { applications } = parse(file('pages: { logo_file: logo.svg }', ['', '{ logo_file: other.svg }']));
  expect(applications[0]?.pages.logo).toBe(uri(SVG));
  expect(applications[1]?.pages.logo).toBe(uri(SVG.replace('0 0 1 1', '0 0 2 2')));
});

it('goes to the workers as text, once, however many applications have it', () => {
  put('large.svg', `${SVG}<!--${'x'.repeat(20_000)}-->`);
  const config = parse(file('pages: { logo_file: large.svg }', Array(50).fill('')));
  const message = serialize(config);
  expect(message.length).toBeLessThan(100_000);
  expect(deserialize(message)).toEqual(config);
});

describe('the image', () => {
  it.each([
    ['image/png', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
    ['image/jpeg', Buffer.from('ffd8ffe000104a464946', 'hex')],
    ['image/gif', Buffer.from('GIF89a\x01\0\x01\0')],
    ['image/webp', Buffer.from('RIFF\x1a\0\0\0WEBPVP8L')],
    ['image/svg+xml', `\ufeff<?xml version="1.0"?>\n<!-- <a> -->\n<!DOCTYPE svg>\n${SVG}`],
  ])('%s is known by its content, whatever its name ends in', (type, content) => {
    put('image.txt', content);
    expect(parse(file('pages: { logo_file: image.txt }')).pages.logo).toBe(uri(content, type));
  });

  it.each([
    ['<html><svg xmlns="http://www.w3.org/2000/svg"></svg></html>', 'is no image that pages can show'],
    ['<svg viewBox="0 0 1 1"></svg>', 'is no image that pages can show'],
    ['', 'is no image that pages can show'],
    [Buffer.alloc(32 * 1024 + 1), 'has 32769 bytes: a logo has at most 32768 (32 KiB)'],
  ])('is refused with its line: %#', (content, why) => {
    put('wrong', content);
    const [problem, ...others] = problemsOf(file('pages:\n  title: x\n  logo_file: wrong'));
    expect(problem).toMatchObject({ key: 'pages.logo_file', line: 4, message: expect.stringContaining(why) });
    expect(others).toEqual([]);
  });

  it('that is missing, or a folder, is one mistake at its own place', () => {
    mkdirSync(join(folder, 'images'), { recursive: true });
    const top = 'defaults: { pages: { logo_file: none.png } }';
    expect(problemsOf(file(top, ['', '{ logo_file: images }', '{ logo_file: "" }']))).toMatchObject([
      { key: 'defaults.pages.logo_file', line: 2, message: `names ${join(folder, 'none.png')}, which does not exist` },
      { key: 'applications[1].pages.logo_file', line: 5, message: expect.stringContaining('is a folder') },
      { key: 'applications[2].pages.logo_file', line: 6, message: expect.stringContaining('is empty') },
    ]);
  });
});

it('reports what is wrong where it stands, once for all applications', () => {
  const top = 'pages:\n  langauge: de\n  language: fr\ndefaults: { pages: { titel: x } }';
  expect(problemsOf(file(top, ['', '{ contact: [] }', 'x'])).map(({ key, line }) => `${line} ${key}`)).toEqual([
    '3 pages.langauge',
    '4 pages.language',
    '5 defaults.pages.titel',
    '8 applications[1].pages.contact',
    '9 applications[2].pages',
  ]);
});
