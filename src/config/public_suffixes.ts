/** What the list of public suffixes says of a name. It is large and only few configurations need it. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const list = () => require('tldts') as typeof import('tldts');

/** Whether anybody can get a name under this one. */
export function isPublicSuffix(name: string): boolean {
  return list().getPublicSuffix(name, { allowPrivateDomains: true }) === name;
}

/** A name under a suffix that everybody can register under; not `app.localhost`, `nas.lan`, `app.test`, nor an address. */
export function isPublicName(hostname: string): boolean {
  const { isIcann, domain } = list().parse(hostname);
  return isIcann === true && domain !== null && !/^example\.(?:com|net|org)$/.test(domain);
}
