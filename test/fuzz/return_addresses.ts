/** Target: `rd` of the login. Whatever is in it, a login ends at the site that was logged in to, for every parser. */
import fc from 'fast-check';
import { textOf } from '../support/property.ts';
import { judgeLines } from './judge.ts';
import { type Site, sites } from './sites.ts';
import { type Target, tryAll } from './target.ts';

const PREFIX = '/outpost.goauthentik.io';
const PIECES =
  'https:// http:// HTTPS:// https: // / /\\ \\ ? # @ : . %2f%2f %2f %5c %09 %0d%0a %00 %40 ; & &amp; &rd= rd= = + app.example.com one.example.org example.org auth.example.org evil.test .evil.test evilexample.org :8443 :80 :443 user:pass@ javascript: data: /outpost.goauthentik.io/start?rd= /outpost.goauthentik.io/sign_out ?X-authentik-logout=true ／ ＠ 。 ＼ é \u0085 \u2028 a'.split(
    ' ',
  );
const STARTS = ['', '/', '//', '/\\', 'https://', 'http:', 'https:/', 'https%3A%2F%2F', '%2f%2f', '/%2f', 'ftp://'];
const HOSTS = [
  '',
  'app.example.com',
  'one.example.org',
  'evil.test',
  'app.example.com@evil.test',
  'evil.test#app.example.com',
];
const addresses = fc
  .tuple(fc.constantFrom(...STARTS), fc.constantFrom(...HOSTS), textOf(PIECES, 5))
  .map((parts) => parts.join(''));

/** How RFC 3986, appendix B, reads an absolute address: scheme and authority. */
const PLAIN = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?/;

const isHostOf = ({ origin, domain }: Site, authority: string): boolean => {
  const own = origin.replace(/^\w+:\/\//, '');
  if (authority === own) return true;
  return (
    domain !== undefined &&
    /^[^@:/?#\\]+(:\d+)?$/.test(authority) &&
    `.${authority.replace(/:\d+$/, '')}`.endsWith(`.${domain}`)
  );
};

/** What is wrong with the address that a login ended at. */
function judgeTarget(site: Site, target: string | undefined): string[] {
  if (target === undefined) return ['the login ends at no address'];
  const [, scheme, authority] = PLAIN.exec(target) ?? [];
  const url = new URL(target, 'ftp://elsewhere.test');
  const wrong: string[] = [];
  if (`${scheme}://` !== site.origin.slice(0, `${scheme}://`.length)) wrong.push('another scheme');
  if (!isHostOf(site, authority ?? '') || !isHostOf(site, url.host)) wrong.push('another host');
  if (url.username !== '' || url.password !== '') wrong.push('user information');
  if (/[\0-\x20\x7f\\]/.test(target)) wrong.push('a control character, space or backslash');
  if (`${url.pathname}/`.startsWith(`${PREFIX}/`)) wrong.push('one of our own endpoints');
  return wrong.map((what) => `${what} in ${JSON.stringify(target)}`);
}

/** Sites with a path of this kind each: one host, a domain, and a port of its own. */
const TRIED = sites.filter(({ slug }) => ['app', 'domain', 'port'].includes(slug));

export const returnAddresses: Target = {
  name: 'return addresses',
  quickRuns: 400,
  async run(world, amount) {
    const notes = { 'back to a page': 0 };
    const cookies = await Promise.all(TRIED.map(async ({ slug }) => (await world.cookieOf('bob', slug)).header[1]));
    const inputs = fc.tuple(fc.nat({ max: TRIED.length - 1 }), addresses, fc.boolean());
    const tried = await tryAll(inputs, amount, async ([at, rd, isEncoded]) => {
      const site = TRIED[at]!;
      world.takeLines();
      // As a browser sends it: no blanks, no control characters, percent signs for what is not ASCII.
      const raw = rd.replace(/[\0-\x20\x7f]|\p{Surrogate}/gu, '').replace(/[^\0-\x7f]+/g, encodeURIComponent);
      const start = `${PREFIX}/start?rd=${isEncoded ? encodeURIComponent(rd.replace(/\p{Surrogate}/gu, '')) : raw}`;
      const target = await world.returnFrom(site, cookies[at]!, start);
      const wrong = [...judgeTarget(site, target), ...judgeLines(world.takeLines(), [])];
      if (wrong.length > 0) throw new Error(`${site.origin}${start}: ${wrong.join('; ')}`);
      if (target !== `${site.origin}/`) notes['back to a page'] += 1;
    });
    return { inputs: tried, notes };
  },
};
