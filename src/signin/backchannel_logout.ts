/** `backchannel_logout`: the provider says that somebody has signed out (OpenID Connect Back-Channel Logout 1.0). */
import { decodeJwt } from 'jose';
import type { Context } from 'koa';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { CredentialsRefused, GatepostError } from '../errors.ts';
import { readForm } from '../http/form.ts';
import type { Outcome, SigninContext } from './context.ts';
import { type Logout, validateLogoutToken } from './logout_token.ts';

/** Milliseconds longer than the token itself that its `jti` is remembered: the clock skew that its `exp` is given. */
const CLOCK_SKEW_MS = 120_000;

/** The provider knows this address under any host, so the token says which application it means: by `aud` and `iss`. */
function createFind(applications: readonly ApplicationConfig[]) {
  const byName = new Map<string, ApplicationConfig>();
  const nameOf = (issuer: string, client: string) => JSON.stringify([issuer.replace(/\/$/, ''), client]);
  for (const application of applications) byName.set(nameOf(application.issuer, application.client_id), application);
  return (token: string): ApplicationConfig => {
    // Nobody has signed this yet: a claim may be anything, and what is no text cannot be asked for its text.
    const { iss, aud } = readClaims(token);
    for (const client of [aud].flat()) {
      const application = typeof iss === 'string' && typeof client === 'string' && byName.get(nameOf(iss, client));
      if (application) return application;
    }
    throw new CredentialsRefused('the token is for another client');
  };
}

function readClaims(token: string) {
  try {
    return decodeJwt(token);
  } catch (error) {
    throw new CredentialsRefused('the token cannot be read', error);
  }
}

/** Each token once: else whoever records one could end the sessions of that user for as long as it lives. */
async function signOut({ sessions, now }: SigninContext, { iss, sub, sid, jti, exp }: Logout): Promise<void> {
  const ttl = Math.max(CLOCK_SKEW_MS, exp - now() + CLOCK_SKEW_MS);
  const first = await sessions.consumeOnce(`${iss} ${jti}`, ttl, async () => {
    // `sid` is the narrower one: other sessions of the user, on other devices, go on.
    if (sid !== undefined) await sessions.endSid(iss, sid);
    else if (sub !== undefined) await sessions.endUser(iss, sub);
  });
  if (!first) throw new CredentialsRefused('the token was used before');
}

export function createBackchannelLogout(context: SigninContext) {
  const find = createFind(context.config.applications);
  return async (ctx: Context): Promise<Outcome & { application?: string }> => {
    ctx.set('Cache-Control', 'no-store');
    let application: ApplicationConfig | undefined;
    try {
      const tokens = (await readForm(ctx.req))?.getAll('logout_token') ?? [];
      const [token] = tokens;
      if (token === undefined || tokens.length > 1)
        throw new CredentialsRefused('one logout_token is needed, in a form');
      application = find(token);
      const verified = await context.provider(application).verifyLogoutToken(token);
      if (verified.kind === 'rejected') throw new CredentialsRefused(verified.message, verified.cause);
      const logout = validateLogoutToken(verified, context.now());
      await signOut(context, logout);
      ctx.status = 200;
      ctx.body = '';
      return { outcome: 'signed_out', reason: undefined, user: logout.sub, application: application.slug };
    } catch (error) {
      if (!(error instanceof GatepostError)) throw error;
      return { ...refuse(ctx, error), ...(application && { application: application.slug }) };
    }
  };
}

/** Section 2.8: 400 with a JSON error. What was not judged at all, because something is away, is 503: try again. */
function refuse(ctx: Context, error: GatepostError): Outcome {
  const refused = error instanceof CredentialsRefused;
  ctx.status = refused ? 400 : error.status;
  ctx.set('X-Gatepost-Reason', error.code);
  if (!refused) ctx.set('Retry-After', '5');
  ctx.body = { error: refused ? 'invalid_request' : error.code, error_description: error.message };
  return { outcome: refused ? 'refused' : 'unavailable', reason: error.code, detail: error.message };
}
