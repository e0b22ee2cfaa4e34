/** The sites that are fuzzed: one table, from which the configuration is written and which the oracle reads by itself. */

export interface Rule {
  path?: string;
  methods?: string[];
  /** A prefix of addresses, for the oracle; the configuration has it as a /16. */
  network?: string;
  groups?: string[];
  policy: 'public' | 'optional' | 'required' | 'deny';
}

export interface Site {
  slug: string;
  /** Scheme, host and port. */
  origin: string;
  /** Of `forward_domain`. */
  domain?: string;
  /** Is tested against the whole URL with a domain, else against the path. */
  skip?: string;
  rules: Rule[];
}

const ADMINS: Rule = { path: '^/admin', groups: ['admins'], policy: 'required' };

export const sites: Site[] = [
  {
    slug: 'app',
    origin: 'http://app.example.com',
    rules: [
      { path: '^/healthz$', policy: 'public' },
      { path: '^/public/', policy: 'public' },
      { path: '^/optional/', policy: 'optional' },
      { path: '^/denied', policy: 'deny' },
      { path: '^/read/', methods: ['GET'], policy: 'public' },
      { path: '^/lan/', network: '10.1.', policy: 'public' },
      ADMINS,
    ],
  },
  { slug: 'secret', origin: 'https://secret.example.com', rules: [{ groups: ['admins'], policy: 'required' }] },
  // Open to all: whatever is taken for a page of it is open.
  { slug: 'port', origin: 'https://port.example.com:8443', rules: [{ path: '^/', policy: 'public' }] },
  {
    slug: 'domain',
    origin: 'https://auth.example.org',
    domain: 'example.org',
    rules: [{ path: '^/public/', policy: 'public' }, ADMINS],
  },
  // One host of that domain, with rules of its own.
  { slug: 'inner', origin: 'https://inner.example.org', rules: [{ groups: ['admins'], policy: 'required' }] },
  { slug: 'skip', origin: 'https://skip.example.com', skip: '^/open/', rules: [] },
  {
    slug: 'skipdomain',
    origin: 'https://auth.example.net',
    domain: 'example.net',
    skip: '^https://two\\.example\\.net/open/',
    rules: [],
  },
];

const clientSecret = (slug: string) => `${slug}-client-secret-of-the-fuzz`;

export const clients = () =>
  sites.map(({ slug, origin }) => ({
    client_id: slug,
    client_secret: clientSecret(slug),
    redirect_uris: [`${origin}/outpost.goauthentik.io/callback?X-authentik-auth-callback=true`],
    access_tokens: 'authentik' as const,
  }));

function ruleLine({ path, methods, network, groups, policy }: Rule): string {
  return JSON.stringify({
    policy,
    ...(path && { path }),
    ...(methods && { methods }),
    ...(network && { networks: [`${network}0.0/16`] }),
    ...(groups && { groups }),
  });
}

/** JSON is YAML. `more` are further rules of the first site, behind its own. */
export function configText(issuer: string, secret: string, more: Rule[] = []): string {
  const applications = sites.map(({ slug, origin, domain, skip, rules }, at) => {
    const access = [...rules, ...(at === 0 ? more : [])].map((rule) => `\n      - ${ruleLine(rule)}`).join('');
    return `
  - name: Site ${slug}
    slug: ${slug}
    external_host: ${origin}
    issuer: ${issuer}
    client_id: ${slug}
    client_secret: ${clientSecret(slug)}
    scopes: [openid, profile, email]${domain ? `\n    mode: forward_domain\n    cookie_domain: ${domain}` : ''}${
      skip ? `\n    skip_path_regex: |\n      ${skip}` : ''
    }${access ? `\n    access:${access}` : ''}`;
  });
  return `secret: ${secret}
listen: { http: "127.0.0.1:0", metrics: off }
log: { level: error, format: json }
nginx_method_header: X-Original-Method
applications:${applications.join('')}
`;
}

/** As the contract finds an application by a host; independent of `src/`. */
export function siteOf(authority: string): Site | undefined {
  const host = authority
    .toLowerCase()
    // RFC 3986, section 3.2.3: a port may be empty, and has leading zeros.
    .replace(/:0*(80|443)?$/, '')
    .replace(/\.(?=:\d+$|$)/, '');
  const exact = sites.find(({ origin }) => origin.replace(/^\w+:\/\//, '') === host);
  if (exact) return exact;
  const name = host.replace(/:\d+$/, '');
  // A name that is one site's own never falls through to a domain, whatever the port.
  if (sites.some(({ origin, domain }) => domain === undefined && new URL(origin).hostname === name)) return undefined;
  return sites.find(({ domain }) => domain !== undefined && (name === domain || name.endsWith(`.${domain}`)));
}
