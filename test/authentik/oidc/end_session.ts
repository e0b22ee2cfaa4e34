/** The end session endpoint of an application. */
import { decodeJwt } from 'jose';
import { type Call, form, html, type Reply, redirect } from '../call.ts';
import type { ProxyProvider } from '../proxy_provider.ts';
import type { Session } from '../rows.ts';
import type { World } from '../world.ts';
import { sessionOf } from './authorize.ts';
import { issuerOf } from './urls.ts';

/** `end` ends a session for good, and tells it. */
export function endSession(world: World, call: Call, provider: ProxyProvider, end: (session: Session) => void): Reply {
  const asked = call.method === 'POST' ? form(call) : call.query;
  const hint = asked.get('id_token_hint');
  if (hint !== null && !hintIsGood(hint, provider, call.base)) return html(400, '<h1>Bad Request</h1>');
  const target = asked.get('post_logout_redirect_uri');
  if (target !== null && provider.post_logout_redirect_uris.length > 0) {
    const known = hint !== null && provider.post_logout_redirect_uris.includes(target);
    if (!known) return html(400, '<h1>Bad Request</h1>');
  }
  const signedIn = sessionOf(world, call);
  if (signedIn) end(signedIn.session);
  const follow = target !== null && provider.post_logout_redirect_uris.length > 0;
  if (!follow) return html(200, `<h1>You've logged out of ${provider.application?.name}.</h1>`);
  const state = asked.get('state');
  const query = state === null ? '' : `${target.includes('?') ? '&' : '?'}state=${encodeURIComponent(state)}`;
  return redirect(`${target}${query}`);
}

/** The signature is left alone. */
function hintIsGood(hint: string, provider: ProxyProvider, base: string): boolean {
  try {
    const { iss, aud } = decodeJwt(hint);
    return iss === issuerOf(provider, base) && aud === provider.client_id;
  } catch {
    return false;
  }
}
