/** Turns the test provider's options into a configured `oidc-provider`. */
import type { JWK } from 'jose';
import Provider from 'oidc-provider';
import { APP_PASSWORD, registerGrants, serviceAccount } from './grants.ts';
import type { ProviderOptions, TestClient, TestUser } from './options.ts';
import type { createStorage } from './storage.ts';

/** What `offline_access` is called inside: the package drops that scope unless the client asks for consent each time. */
export const REFRESH_SCOPE = 'refreshable';

const grantTypes = ['authorization_code', 'refresh_token', 'client_credentials', 'password', APP_PASSWORD];

function clientMetadata({ access_tokens: _, ...client }: TestClient) {
  return {
    ...client,
    grant_types: grantTypes,
    response_types: ['code'],
    ...(client.client_secret === undefined && !client.jwks && { token_endpoint_auth_method: 'none' }),
    ...(client.backchannel_logout_uri && { backchannel_logout_session_required: true }),
  };
}

export function setUpProvider(
  issuer: string,
  options: ProviderOptions,
  users: TestUser[],
  keys: JWK[],
  storage: ReturnType<typeof createStorage>,
) {
  const format = (clientId: string) =>
    options.clients.find((one) => one.client_id === clientId)?.access_tokens ?? 'opaque';
  const allScopes = ['openid', 'profile', 'email', 'ak_proxy', 'entitlements', 'groups', REFRESH_SCOPE];
  const resource = (clientId: string) =>
    format(clientId) === 'opaque'
      ? undefined
      : {
          uri: `urn:client:${clientId}`,
          info: { scope: allScopes.join(' '), audience: clientId, accessTokenFormat: 'jwt' },
        };
  const claimsOf = (user: TestUser) => ({ sub: user.sub, preferred_username: user.username, ...user.claims });
  const findAccount = async (_ctx: unknown, sub: string) => {
    const user = [...users, serviceAccount].find((one) => one.sub === sub);
    return user && { accountId: sub, claims: async () => claimsOf(user) };
  };
  const profile = [...new Set([...users, serviceAccount].flatMap((user) => Object.keys(claimsOf(user))))];

  const provider = new Provider(issuer, {
    adapter: storage,
    jwks: { keys },
    clients: options.clients.map(clientMetadata),
    findAccount,
    claims: {
      openid: ['sub'],
      profile: profile.filter((name) => !['sub', 'email', 'email_verified'].includes(name)),
      email: ['email', 'email_verified'],
      ak_proxy: ['ak_proxy'],
      entitlements: ['entitlements'],
      groups: ['groups'],
    },
    scopes: allScopes,
    conformIdTokenClaims: options.claims_in === 'userinfo',
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'HS256'] },
    cookies: { keys: ['test provider'] },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    expiresWithSession: () => false,
    // biome-ignore lint/suspicious/noExplicitAny: the package has no types
    issueRefreshToken: (_ctx: any, _client: any, code: any) =>
      options.refresh_tokens === 'always' || (options.refresh_tokens !== 'never' && code.scopes.has(REFRESH_SCOPE)),
    ttl: {
      AccessToken: options.access_token_ttl ?? 300,
      ClientCredentials: options.access_token_ttl ?? 300,
      IdToken: options.id_token_ttl ?? 300,
      AuthorizationCode: 60,
      Interaction: 3600,
      RefreshToken: 86_400,
      Session: 86_400,
      Grant: 86_400,
    },
    interactions: { url: (_ctx: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    // biome-ignore lint/suspicious/noExplicitAny: the package has no types
    loadExistingGrant: async (ctx: any) => {
      const { client, session } = ctx.oidc;
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope(allScopes.join(' '));
      const target = resource(client.clientId);
      if (target) grant.addResourceScope(target.uri, allScopes.join(' '));
      await grant.save();
      return grant;
    },
    // The package refuses to call loopback addresses; here the clients live there.
    fetch: (url: string, { dispatcher: _, ...init }: RequestInit & { dispatcher?: unknown }) => fetch(url, init),
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: () => true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, ...logoutPages(options.pages ?? plainPages) },
      resourceIndicators: {
        enabled: true,
        // biome-ignore lint/suspicious/noExplicitAny: the package has no types
        defaultResource: (_ctx: unknown, client: any) => resource(client.clientId)?.uri,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx: unknown, uri: string) => resource(uri.replace('urn:client:', ''))?.info,
      },
    },
    formats: {
      customizers: {
        // biome-ignore lint/suspicious/noExplicitAny: the package has no types
        jwt: (_ctx: unknown, token: any, jwt: any) => {
          const user = users.find((one) => one.sub === token.accountId);
          if (format(token.clientId) !== 'authentik' || !user) return;
          jwt.header = { typ: 'JWT' };
          Object.assign(jwt.payload, claimsOf(user), { azp: token.clientId, uid: token.jti });
        },
      },
    },
    // biome-ignore lint/suspicious/noExplicitAny: the package has no types
    renderError: (ctx: any, out: { error: string; error_description?: string }) => {
      ctx.type = 'text/plain';
      ctx.body = `${out.error}: ${out.error_description ?? ''}`;
    },
  });
  // Outside, the scope has its usual name.
  // biome-ignore lint/suspicious/noExplicitAny: the package has no types
  provider.use(async (ctx: any, next: () => Promise<void>) => {
    await next();
    // A path below another one that ends like it is a 404.
    if (!ctx.path.endsWith('/.well-known/openid-configuration') || ctx.status !== 200) return;
    const rename = (scope: string) => (scope === REFRESH_SCOPE ? 'offline_access' : scope);
    ctx.body.scopes_supported = ctx.body.scopes_supported.map(rename);
  });
  provider.Account = { findAccount };
  registerGrants(provider, options, users, resource);
  return provider;
}

const plainPages = {
  sign_out: (form: string) =>
    `<!doctype html><title>Sign out</title>${form}<button name="logout" value="yes" form="op.logoutForm" autofocus>Sign out</button>`,
  signed_out: () => '<!doctype html><title>Signed out</title><p>Signed out at the provider.</p>',
};

const logoutPages = ({ sign_out, signed_out }: typeof plainPages) => ({
  // biome-ignore lint/suspicious/noExplicitAny: the package has no types
  logoutSource: (ctx: any, form: string) => {
    ctx.body = sign_out(form);
  },
  // biome-ignore lint/suspicious/noExplicitAny: the package has no types
  postLogoutSuccessSource: (ctx: any) => {
    ctx.body = signed_out();
  },
});
