/** oidc-provider (npm), the certified library: here with its own users and opaque access tokens. */
import { startProvider } from '../support/provider.ts';
import { measure } from './provider_cases.ts';
import { CLIENT_ID, CLIENT_SECRET, type Place, REDIRECT_URI, type RealProvider } from './world.ts';

async function start({ backchannelUri }: Place): Promise<RealProvider> {
  const client = {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    redirect_uris: [REDIRECT_URI],
    backchannel_logout_uri: backchannelUri,
  };
  const provider = await startProvider({ clients: [client] });
  return {
    issuer: provider.issuer,
    account: { login: 'alice', password: 'wonderland' },
    username: 'alice',
    groups: ['admins', 'staff'],
    keys: { scopes: ['openid', 'profile', 'email', 'offline_access'] },
    tokenLifeMs: 300_000,
    async endSession(person) {
      await person.confirm(`${provider.issuer}/session/end`);
    },
    stop: () => provider.close(),
  };
}

measure('oidc-provider', undefined, start);
