/** What the soak protects: two sites at one provider, with short-lived tokens, and the configuration of Gatepost. */
import { createHash } from 'node:crypto';
import type { TestClient } from '../support/provider.ts';

export interface Site {
  slug: string;
  host: string;
  /** Name of the session cookie. */
  cookie: string;
}

const site = (slug: string): Site => {
  const digits = createHash('sha256').update(slug).digest('hex').slice(0, 8);
  return { slug, host: `${slug}.example.com`, cookie: `__Host-authentik_proxy_${digits}` };
};

export const sites = [site('files'), site('notes')] as const;

export const OUTPOST = '/outpost.goauthentik.io';

/** Seconds. Sessions are refreshed when half of it is left. */
export const TOKEN_TTL = 12;

const secretOf = (slug: string) => `the client secret of ${slug}`;

export const clients = (): TestClient[] =>
  sites.map(({ slug, host }) => ({
    client_id: slug,
    client_secret: secretOf(slug),
    redirect_uris: [`https://${host}${OUTPOST}/callback?X-authentik-auth-callback=true`],
    // For `sid` in ID tokens; nothing listens there.
    backchannel_logout_uri: 'http://127.0.0.1:9/logout',
  }));

export function configText(issuer: string, store: string, port: number): string {
  const applications = sites.map(
    ({ slug, host }) => `
  - name: ${slug}
    slug: ${slug}
    external_host: https://${host}
    issuer: ${issuer}
    client_id: ${slug}
    client_secret: ${secretOf(slug)}
    scopes: [openid, profile, email, offline_access]
    access:
      - { path: ^/public/, policy: public }
      - { path: ^/admin, groups: [admins] }`,
  );
  return `listen: { http: "127.0.0.1:${port}", metrics: off }
secret: a secret of the soak that has more than 32 characters
store: ${store}
session_max_age: 24h
log: { level: info, format: json }
applications:${applications.join('')}
`;
}
