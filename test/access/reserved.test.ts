import { expect, test } from 'vitest';
import { createApplicationIndex } from '../../src/access/application_index.ts';
import { createReserved } from '../../src/access/reserved.ts';

const single = (external_host: string) => ({ external_host, mode: 'forward_single' as const });
const domain = (cookie_domain: string) => ({
  external_host: `https://auth.${cookie_domain}`,
  mode: 'forward_domain' as const,
  cookie_domain,
});

const index = createApplicationIndex(
  [
    domain('example.net'),
    domain('deep.lab.example.net'),
    single('https://wiki.lab.example.net'),
    { ...single('https://www.example.org'), hosts: ['https://*.apps.example.org'] },
  ],
  createReserved({
    hosts: [{ host: 'admin.example.net', why: 'mode is proxy' }, { host: 'closed.apps.example.org' }],
    domains: ['lab.example.net'],
  }),
);
const hostOf = (host: string) => index.find(host)?.external_host;

// Attack: the users of a domain are others than those of the application that cannot be served at a host under it.
test('no domain and no wildcard answers at a host that is kept for another application, whatever its port', () => {
  for (const host of [
    'admin.example.net',
    'admin.example.net:8443',
    'closed.apps.example.org',
    'x.lab.example.net',
    'lab.example.net',
  ])
    expect([host, hostOf(host), index.findByHostname(host)]).toEqual([host, undefined, undefined]);
});

test('what is served by itself within a reserved domain is served', () => {
  expect(hostOf('wiki.lab.example.net')).toBe('https://wiki.lab.example.net');
  expect(hostOf('x.deep.lab.example.net')).toBe('https://auth.deep.lab.example.net');
  expect(hostOf('other.example.net')).toBe('https://auth.example.net');
  expect(hostOf('open.apps.example.org')).toBe('https://www.example.org');
});
