/** Who asks the token and introspection endpoints. */
import { type Call, form } from '../call.ts';
import type { ProxyProvider } from '../proxy_provider.ts';
import type { World } from '../world.ts';

/** By HTTP Basic, else from the body; nothing is decoded, as authentik does not. */
export function clientAuth(call: Call): { clientId: string; secret: string } {
  const basic = /^Basic (\S+)$/.exec(call.headers.authorization ?? '')?.[1];
  if (basic === undefined) {
    const body = form(call);
    return { clientId: body.get('client_id') ?? '', secret: body.get('client_secret') ?? '' };
  }
  const pair = Buffer.from(basic, 'base64').toString();
  const colon = pair.indexOf(':');
  return colon < 0 ? { clientId: pair, secret: '' } : { clientId: pair.slice(0, colon), secret: pair.slice(colon + 1) };
}

/** The provider whose secret was given. */
export function authenticatedProvider(world: World, call: Call): ProxyProvider | undefined {
  const { clientId, secret } = clientAuth(call);
  const provider = world.byClientId(clientId);
  return provider && secret !== '' && provider.client_secret === secret ? provider : undefined;
}
