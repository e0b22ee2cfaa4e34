/**
 * `backchannel_logout`: the provider ends the sessions of a user who signed out elsewhere (OpenID Connect Back-Channel
 * Logout 1.0).
 */
import type { Context } from 'koa';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { readForm } from '../http/form.ts';
import type { EndpointRequest, Outcome, SigninContext } from './context.ts';
import { type Logout, readAddressee, rememberMs, validateLogoutToken } from './logout_token.ts';
import { respondWithJson } from './respond.ts';

export function createBackchannelLogout(context: SigninContext) {
  const findApplication = createAddresseeIndex(context.config.applications);
  return async (request: EndpointRequest): Promise<Outcome> => {
    const { ctx } = request;
    const [token, ...more] = (await readForm(ctx.req))?.getAll('logout_token') ?? [];
    if (token === undefined || more.length > 0) return reject(ctx, 'one logout_token is needed, in a form');
    const application = findApplication(token);
    if (application === undefined) return reject(ctx, 'the token is for another client');
    request.application = application;
    const verified = await context.provider(application).verifyLogoutToken(token);
    if (verified.kind === 'rejected') return reject(ctx, verified.message);
    const logout = validateLogoutToken(verified, context.now());
    if (logout.kind === 'rejected') return reject(ctx, logout.problem);
    if (!(await endSessions(context, logout))) return reject(ctx, 'the token was used before');
    ctx.status = 200;
    ctx.set('Cache-Control', 'no-store');
    ctx.body = '';
    return { outcome: 'signed_out', reason: undefined, user: logout.sub };
  };
}

/** The application whose issuer and client a token names. */
function createAddresseeIndex(applications: readonly ApplicationConfig[]) {
  const keyOf = (issuer: string, clientId: string) => JSON.stringify([issuer.replace(/\/$/, ''), clientId]);
  const index = new Map(
    applications.flatMap((application) =>
      [application.issuer, ...application.allowed_issuers].map(
        (issuer) => [keyOf(issuer, application.client_id), application] as const,
      ),
    ),
  );
  return (token: string): ApplicationConfig | undefined => {
    const addressee = readAddressee(token);
    if (!addressee) return undefined;
    for (const audience of addressee.audiences) {
      const application = index.get(keyOf(addressee.issuer, audience));
      if (application) return application;
    }
    return undefined;
  };
}

/**
 * Attack: a recorded token, sent again, would end the sessions of its user for as long as the token lives. Each is used
 * once.
 * @returns `false` where the token was used before
 * @throws StoreUnavailable
 */
function endSessions({ sessions, now }: SigninContext, logout: Logout): Promise<boolean> {
  const { issuer, sub, sid, jti } = logout;
  return sessions.consumeOnce(`${issuer} ${jti}`, rememberMs(logout, now()), async () => {
    // `sid` is the narrower one: sessions of the user on other devices go on.
    if (sid !== undefined) await sessions.endSid(issuer, sid, sub);
    else if (sub !== undefined) await sessions.endUser(issuer, sub);
  });
}

/**
 * Section 2.8: 400 with a JSON error. A store or provider that is unavailable is a 503 instead: the provider tries
 * again.
 */
function reject(ctx: Context, description: string): Outcome {
  const problem = { status: 400, reason: 'credentials_refused', error: 'invalid_request', description } as const;
  return respondWithJson(ctx, problem, 'refused', description);
}
