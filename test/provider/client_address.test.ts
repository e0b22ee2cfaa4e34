/** To whom the token of an outpost goes, with the address that it vouches for. */
import { expect, test } from 'vitest';
import { CLIENT_ADDRESS, vouchForClient } from '../../src/provider/client_address.ts';

const voucher = { access: { origin: 'https://auth.example.com' }, token: 'the token of an outpost' };
const headers = { accept: 'application/json' };
const form = () => new URLSearchParams({ username: 'alice', [CLIENT_ADDRESS]: '2001:db8::1' });

test('it goes to AUTHENTIK_HOST, and the form is as it would be without it', () => {
  const body = form();
  expect(vouchForClient('https://auth.example.com/application/o/token/', body, headers, voucher)).toEqual({
    ...headers,
    'x-authentik-remote-ip': '2001:db8::1',
    'x-authentik-outpost-token': 'the token of an outpost',
  });
  expect([...body.keys()]).toEqual(['username']);
});

test.each([
  'https://auth.example.com:8443/application/o/token/',
  'http://auth.example.com/application/o/token/',
  'https://auth.example.com.evil.example/application/o/token/',
  'https://auth.example.com@evil.example/application/o/token/',
  'https://login.example.com/application/o/token/',
])('Attack: it does not go to %s', (url) => {
  const body = form();
  expect(vouchForClient(url, body, headers, voucher)).toEqual(headers);
  expect([...body.keys()]).toEqual(['username']);
});

test('without the setting, or without an address, nothing is added', () => {
  const url = 'https://auth.example.com/application/o/token/';
  const body = form();
  expect(vouchForClient(url, body, headers, undefined)).toEqual(headers);
  expect([...body.keys()]).toEqual(['username']);
  expect(vouchForClient(url, new URLSearchParams({ username: 'alice' }), headers, voucher)).toEqual(headers);
});
