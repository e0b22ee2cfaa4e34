import { describe, expect, test } from 'vitest';
import { createChooseProxy } from '../../src/provider/outgoing_proxy.ts';

const chosen = (environment: Record<string, string>, url: string) => createChooseProxy(environment)(new URL(url))?.href;
const PROXY = 'http://proxy.test:3128/';

describe('the variable of the scheme says which proxy', () => {
  test.each<[string, Record<string, string>, string, string | undefined]>([
    ['https by HTTPS_PROXY', { HTTPS_PROXY: PROXY }, 'https://id.example.com', PROXY],
    ['http by HTTP_PROXY', { HTTP_PROXY: PROXY }, 'http://id.example.com', PROXY],
    ['https is not the business of HTTP_PROXY', { HTTP_PROXY: PROXY }, 'https://id.example.com', undefined],
    ['http is not the business of HTTPS_PROXY', { HTTPS_PROXY: PROXY }, 'http://id.example.com', undefined],
    ['small letters', { https_proxy: PROXY }, 'https://id.example.com', PROXY],
    ['any letter case', { Https_Proxy: PROXY }, 'https://id.example.com', PROXY],
    ['small letters first', { HTTPS_PROXY: 'http://b', https_proxy: PROXY }, 'https://id.example.com', PROXY],
    ['an empty one is none', { https_proxy: ' ', HTTPS_PROXY: PROXY }, 'https://id.example.com', PROXY],
    ['without a scheme', { HTTPS_PROXY: 'proxy.test:3128' }, 'https://id.example.com', PROXY],
    ['none', {}, 'https://id.example.com', undefined],
  ])('%s', (_, environment, url, wanted) => expect(chosen(environment, url)).toBe(wanted));

  test.each(['socks5://proxy.test:1080', 'http://', 'file:///etc/passwd'])('%s is no HTTP proxy', (value) => {
    expect(() => chosen({ HTTPS_PROXY: value }, 'https://id.example.com')).toThrow(/HTTPS_PROXY is not the URL/);
  });

  test('Attack: the error shows the password of a proxy to readers of the log', () => {
    expect(() => chosen({ HTTPS_PROXY: 'socks5://user:hunter2@proxy.test' }, 'https://id.example.com')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    );
  });
});

describe('this machine is asked without a proxy', () => {
  test.each([
    'http://localhost:9000',
    'http://127.0.0.1:9',
    'http://127.8.8.8',
    'http://[::1]:9',
    'http://a.localhost',
  ])('%s', (url) => expect(chosen({ HTTP_PROXY: PROXY }, url)).toBeUndefined());
});

describe('NO_PROXY', () => {
  test.each<[string, string, boolean]>([
    ['*', 'https://id.example.com', true],
    ['id.example.com', 'https://id.example.com', true],
    ['ID.Example.COM', 'https://id.example.com', true],
    ['id.example.com', 'https://id.example.com.', true],
    ['example.com', 'https://id.example.com', true],
    ['.example.com', 'https://id.example.com', true],
    ['*.example.com', 'https://id.example.com', true],
    ['localhost, id.example.com', 'https://id.example.com', true],
    ['localhost id.example.com', 'https://id.example.com', true],
    ['id.example.com:443', 'https://id.example.com', true],
    ['id.example.com:8443', 'https://id.example.com', false],
    ['id.example.com:8443', 'https://id.example.com:8443', true],
    ['example.com', 'https://notexample.com', false],
    ['example.com', 'https://example.com.evil.test', false],
    ['.com.', 'https://id.example.com', true],
    ['10.0.0.0/8', 'https://10.1.2.3', true],
    ['10.0.0.0/8', 'https://11.1.2.3', false],
    ['10.1.2.3', 'https://10.1.2.3:8443', true],
    ['10.1.2.3:443', 'https://10.1.2.3:8443', false],
    ['fd00::/8', 'https://[fd00::1]', true],
    ['fd00::1', 'https://[fd00::1]', true],
    ['[fd00::1]:443', 'https://[fd00::1]', true],
    ['10.0.0.0/99, id.example.com', 'https://id.example.com', true],
    ['', 'https://id.example.com', false],
  ])('%s, %s: without one is %s', (noProxy, url, isException) => {
    for (const name of ['NO_PROXY', 'no_proxy', 'No_Proxy'])
      expect(chosen({ HTTPS_PROXY: PROXY, [name]: noProxy }, url)).toBe(isException ? undefined : PROXY);
  });
});
