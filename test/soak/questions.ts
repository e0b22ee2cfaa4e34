/** Auth requests as proxies send them, and the credentials that go with them. */
import type { Asked } from './ask.ts';
import type { Random } from './random.ts';
import { OUTPOST, type Site } from './site.ts';

type Headers = Record<string, string>;

export interface Question extends Asked {
  /** For people; without credentials. */
  title: string;
}

/** About a page of a site, in one of the dialects. */
export function aboutPage(random: Random, site: Site, page: string, credential: Headers = {}): Question {
  const dialect = random.pick(['traefik', 'caddy', 'nginx'])!;
  const own: Headers =
    dialect === 'nginx'
      ? { 'x-original-url': `https://${site.host}${page}` }
      : {
          'x-forwarded-proto': 'https',
          'x-forwarded-host': site.host,
          'x-forwarded-uri': page,
          'x-forwarded-method': 'GET',
        };
  const client = { accept: 'text/html', 'x-forwarded-for': `203.0.113.${random.between(1, 250)}` };
  return {
    title: `${dialect} ${site.slug}${page}`,
    path: `${OUTPOST}/auth/${dialect}`,
    headers: { host: 'gatepost', ...client, ...own, ...credential },
  };
}

export const withCookie = (name: string, value: string): Headers => ({ cookie: `${name}=${value}` });
export const withBasic = (user: string, password: string): Headers => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
export const withBearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

/** As a proxy passes on what a browser asks of Gatepost's own endpoints. */
export const fromBrowser = (site: Site, more: Headers = {}): Headers => ({
  host: site.host,
  'x-forwarded-host': site.host,
  'x-forwarded-proto': 'https',
  accept: 'text/html',
  ...more,
});
