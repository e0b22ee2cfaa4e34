/** The grants that programs use: authentik's client credentials with an app password, and the password grant. */
import { errors } from 'oidc-provider';
import type { ProviderOptions, TestUser } from './options.ts';

/** The name under which the app-password form of the client credentials grant reaches the provider's own code. */
export const APP_PASSWORD = 'urn:test:app-password';

const parameters = ['scope', 'username', 'password'];

/** `resource`: the audience of JWT access tokens for a client, `undefined` for opaque ones. */
export function registerGrants(
  // biome-ignore lint/suspicious/noExplicitAny: the package has no types
  provider: any,
  options: ProviderOptions,
  users: TestUser[],
  resource: (clientId: string) => { uri: string; info: object } | undefined,
) {
  // biome-ignore lint/suspicious/noExplicitAny: the package has no types
  const respond = async (ctx: any, user: TestUser) => {
    const { client, params } = ctx.oidc;
    const scope = params.scope ?? 'openid';
    const grant = new provider.Grant({ clientId: client.clientId, accountId: user.sub });
    grant.addOIDCScope(scope);
    const target = resource(client.clientId);
    if (target) grant.addResourceScope(target.uri, scope);
    const grantId = await grant.save();
    ctx.oidc.entity('Grant', grant);
    const access = new provider.AccessToken({ accountId: user.sub, client, grantId, gty: params.grant_type, scope });
    if (target) access.resourceServer = new provider.ResourceServer(target.uri, target.info);
    ctx.oidc.entity('AccessToken', access);
    const access_token = await access.save();
    const account = await provider.Account.findAccount(ctx, user.sub);
    const idToken = new provider.IdToken(await account.claims('id_token', scope), { ctx });
    idToken.scope = scope;
    ctx.body = {
      access_token,
      token_type: 'Bearer',
      expires_in: access.expiration,
      scope,
      ...(scope.split(' ').includes('openid') && { id_token: await idToken.issue({ use: 'idtoken' }) }),
    };
  };

  provider.registerGrantType(
    APP_PASSWORD,
    // biome-ignore lint/suspicious/noExplicitAny: the package has no types
    async (ctx: any) => {
      const { username, password } = ctx.oidc.params;
      if (options.ignores_user_names) return respond(ctx, serviceAccount);
      const user = users.find((one) => one.username.toLowerCase() === String(username).toLowerCase());
      const good = (user?.app_passwords ?? [`app-${user?.username}`]).includes(password);
      if (!user || !good) throw new errors.InvalidGrant('wrong app password');
      await respond(ctx, user);
    },
    parameters,
  );

  // biome-ignore lint/suspicious/noExplicitAny: the package has no types
  const passwordGrant = async (ctx: any) => {
    const { username, password } = ctx.oidc.params;
    const user = users.find((one) => one.username === username && one.password === password);
    if (!user) throw new errors.InvalidGrant('wrong user name or password');
    await respond(ctx, user);
  };
  provider.registerGrantType('password', passwordGrant, parameters);
}

export const serviceAccount: TestUser = {
  sub: 'u-service',
  username: 'ak-client-credentials',
  password: '',
  app_passwords: [],
  claims: { name: 'Service account', groups: ['admins'] },
};
