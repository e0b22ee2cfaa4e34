import { describe, expect, it } from 'vitest';
import { spellFlag, spellLogLevel, splitCommas } from '../../../src/config/outpost/spellings.ts';
import { ConfigError } from '../../../src/config/problems.ts';
import { problemOfToken } from '../../../src/config/schema/outpost.ts';
import { parse, problemsOf, yaml } from '../example.ts';

const TOKEN = 't'.repeat(60);

function outpost(key: string, value: string) {
  const keys: Record<string, string> = { host: 'https://a.example.com', token: TOKEN, [key]: value };
  return parse(`outpost: ${JSON.stringify(keys)}`).outpost;
}

describe('the host of authentik', () => {
  it.each([
    ['https://auth.example.com', 'https://auth.example.com/'],
    ['https://auth.example.com/', 'https://auth.example.com/'],
    ['HTTPS://AUTH.Example.COM', 'https://auth.example.com/'],
    ['https://auth.example.com:443', 'https://auth.example.com/'],
    ['http://server:80/', 'http://server/'],
    ['http://server:9000', 'http://server:9000/'],
    ['http://[::1]:9000', 'http://[::1]:9000/'],
    ['http://10.0.0.1', 'http://10.0.0.1/'],
    ['https://example.com/Auth', 'https://example.com/Auth/'],
    ['https://example.com/auth//', 'https://example.com/auth/'],
    ['https://example.com/a/b@c/', 'https://example.com/a/b@c/'],
    ['https://münchen.example', 'https://xn--mnchen-3ya.example/'],
  ])('%s is %s', (value, expected) => {
    expect(outpost('host', value)?.host).toBe(expected);
  });

  it.each([
    ['', 'is empty'],
    ['auth.example.com', 'must be an http: or https: URL'],
    ['ftp://auth.example.com', 'must be an http: or https: URL'],
    ['https:auth.example.com', 'must be an http: or https: URL'],
    ['https:///auth', 'must be an http: or https: URL'],
    ['https://auth.example.com:99999', 'must be an http: or https: URL'],
    ['https://auth.example.com\\@evil.test', 'must be an http: or https: URL'],
    ['https://auth.example.com /x', 'must be an http: or https: URL'],
    [' https://auth.example.com', 'must be an http: or https: URL'],
    ['https://user:password@auth.example.com', 'user information'],
    ['https://@auth.example.com', 'user information'],
    ['https://auth.example.com/?x=1', 'no query'],
    ['https://auth.example.com?', 'no query'],
    ['https://auth.example.com/#x', 'no fragment'],
    ['https://auth.example.com#', 'no fragment'],
  ])('%j is refused', (value, why) => {
    expect(() => outpost('host', value)).toThrow(why);
  });
});

describe('the host for browsers', () => {
  it.each([
    ['https://auth.example.com', 'https://auth.example.com'],
    ['HTTPS://AUTH.example.com:443/path?query#fragment', 'https://auth.example.com'],
    ['http://auth.example.com:9000/', 'http://auth.example.com:9000'],
  ])('%s is %s', (value, expected) => {
    expect(outpost('host_browser', value)?.host_browser).toBe(expected);
  });

  it.each(['auth.example.com', 'javascript:alert(1)', 'https://', '/x'])('%s is refused', (value) => {
    expect(() => outpost('host_browser', value)).toThrow(ConfigError);
  });
});

describe('a token', () => {
  it.each([TOKEN, 'x'.repeat(32), '!~'.repeat(16)])('may be %s', (token) => {
    expect(problemOfToken(token)).toBeUndefined();
    expect(outpost('token', token)?.token).toBe(token);
  });

  it.each([
    'x'.repeat(31),
    `${TOKEN} `,
    `${TOKEN}\n`,
    `${TOKEN}\r\nX-Evil: 1`,
    `${TOKEN}\u00e4`,
    `${TOKEN}\0`,
    'file:///run/secrets/outpost_token_of_authentik',
    'env://OUTPOST_TOKEN_OF_AUTHENTIK_EXAMPLE',
  ])('may not be %j', (token) => {
    expect(problemOfToken(token)).toMatch(/^must be /);
    expect(() => outpost('token', token)).toThrow('outpost.token: must be ');
  });
});

describe('the spellings of a flag', () => {
  it.each(['true', 'True', 'TRUE', 'tRuE', 't', 'T', '1'])('%s is on', (value) => {
    expect(spellFlag(value)).toBe('true');
  });
  it.each(['false', 'False', 'FALSE', 'f', 'F', '0'])('%s is off', (value) => {
    expect(spellFlag(value)).toBe('false');
  });
  it.each(['yes', 'no', 'on', 'off', '2', '00', 'truee', ' true', 'y'])('%j is none', (value) => {
    expect(() => spellFlag(value)).toThrow('must be true or false');
  });
});

it.each([
  ['trace', 'trace'],
  ['DEBUG', 'debug'],
  ['Info', 'info'],
  ['warning', 'warn'],
  ['warn', 'warn'],
  ['ERROR', 'error'],
])('the log level %s is %s', (value, expected) => {
  expect(spellLogLevel(value)).toBe(expected);
});

it('splits lists at commas, and takes none for a mistake', () => {
  expect(splitCommas('10.0.0.0/8')).toEqual(['10.0.0.0/8']);
  expect(splitCommas(' 10.0.0.0/8 ,fe80::/10,')).toEqual(['10.0.0.0/8', 'fe80::/10']);
  expect(() => splitCommas(' , ')).toThrow('one item or more');
});

it.each([
  ['0', 0],
  ['7d', 604_800_000],
  ['1h30m', 5_400_000],
])('keeps a configuration for %s', (value, expected) => {
  expect(outpost('keep', value)?.keep).toBe(expected);
});

it.each(['0d', '-1', 'off', '7', '4000d', ''])('does not keep a configuration for %j', (value) => {
  expect(() => outpost('keep', value)).toThrow('outpost.keep');
});

describe('a file without outpost', () => {
  it('needs a secret and an application, as ever', () => {
    expect(problemsOf('workers: 1').map(({ key, message }) => [key, message.slice(0, 11)])).toEqual([
      ['secret', 'is required'],
      ['applications', 'is required'],
    ]);
    expect(problemsOf(`secret: ${TOKEN}\napplications: []`)).toEqual([
      { key: 'applications', line: 2, message: 'must not be empty: must be a list of applications' },
    ]);
  });

  it('takes nothing from the variables of outposts', () => {
    const env = { AUTHENTIK_LISTEN__HTTP: 'nonsense', GATEPOST_STORE: 'nonsense', AUTHENTIK_TOKEN: 'nonsense' };
    expect(parse(yaml(), env)).toMatchObject({ listen: { http: '0.0.0.0:9000' }, store: 'memory' });
  });

  it('may have an unknown key that is the name of a variable', () => {
    expect(problemsOf(yaml({ top: 'AUTHENTIK_HOST: x' }))).toEqual([
      { key: 'AUTHENTIK_HOST', line: 2, message: expect.stringContaining('is an unknown key') },
    ]);
  });
});

it.each([
  ['outpost: x', 'outpost', 'must be a mapping'],
  [`outpost: { host: "https://a.test", token: ${TOKEN}, hosts: x }`, 'outpost.hosts', 'did you mean host?'],
  [`outpost: { host: "https://a.test", token: ${TOKEN}, overrides: [] }`, 'outpost.overrides', 'must be a mapping'],
  [
    `outpost: { host: "https://a.test", token: ${TOKEN}, overrides: { "a b": {} } }`,
    'outpost.overrides.a b',
    'is not the slug',
  ],
  [`outpost: { host: "https://a.test", token: ${TOKEN} }\nsecret:`, 'secret', 'is empty'],
  [`outpost: { host: "https://a.test", token: ${TOKEN} }\ntrusted_proxies:`, 'trusted_proxies', 'is empty'],
])('refuses %s', (text, key, message) => {
  expect(problemsOf(text)).toEqual([expect.objectContaining({ key, message: expect.stringContaining(message) })]);
});
