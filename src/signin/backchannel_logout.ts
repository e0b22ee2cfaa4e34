/**
 * `backchannel_logout`: the provider ends the sessions of a user who signed out elsewhere (OpenID Connect Back-Channel
 * Logout 1.0).
 */
import type { Context } from 'koa';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { loggedMessage, NotKnownYet } from '../errors.ts';
import { hasNoBody, readForm } from '../http/form.ts';
import { issuersOf, type Rejection } from '../provider/index.ts';
import type { EndpointRequest, Outcome, SigninContext } from './context.ts';
import { type Logout, readAddressee, rememberMs, validateLogoutToken } from './logout_token.ts';
import { respondWithJson } from './respond.ts';

/** nginx files that are made for authentik set `proxy_pass_request_body off` for the whole prefix. */
const NO_BODY =
  'the request has no body: the proxy in front may have dropped it (nginx: proxy_pass_request_body off), and with it the logout_token';

export function createBackchannelLogout(context: SigninContext) {
  const findApplication = createAddresseeIndex(context.config.applications);
  return async (request: EndpointRequest): Promise<Outcome> => {
    const { ctx } = request;
    const form = await readForm(ctx.req);
    const [token, ...more] = form?.getAll('logout_token') ?? [];
    if (token === undefined && hasNoBody(ctx.req, form)) return reject(ctx, NO_BODY);
    if (token === undefined || more.length > 0) return reject(ctx, 'one logout_token is needed, in a form');
    const application = findApplication(token);
    if ('problem' in application) return rejectUnaddressed(context, ctx, application);
    request.application = application;
    const verified = await context.provider(application).verifyLogoutToken(token);
    if (verified.kind === 'rejected') return reject(ctx, verified.message, detailOf(verified));
    const logout = validateLogoutToken(verified, context.now());
    if (logout.kind === 'rejected') return reject(ctx, logout.problem);
    if (!(await endSessions(context, logout))) return reject(ctx, 'the token was used before');
    context.events.emit('session_ended', { application: application.slug, reason: 'logged_out' });
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
      issuersOf(application).map((issuer) => [keyOf(issuer, application.client_id), application] as const),
    ),
  );
  const issuers = new Set(applications.flatMap(issuersOf).map((issuer) => issuer.replace(/\/$/, '')));
  return (token: string): ApplicationConfig | Unaddressed => {
    const addressee = readAddressee(token);
    if (!addressee) return { problem: 'the logout token is no JWT with an iss', detail: undefined };
    const { issuer, audiences } = addressee;
    for (const audience of audiences) {
      const application = index.get(keyOf(issuer, audience));
      if (application) return application;
    }
    const received = `iss ${shown(issuer)}, aud ${shown(audiences)}`;
    return issuers.has(issuer.replace(/\/$/, ''))
      ? { problem: 'the token is for another client (aud)', detail: `${received}: no client_id of that issuer` }
      : { problem: 'the token is from another issuer (iss)', detail: `${received}: no application has that issuer` };
  };
}

/** A token that names no application: `problem` for the provider, `detail` for the log alone. */
interface Unaddressed {
  problem: string;
  detail: string | undefined;
}

/** @throws NotKnownYet where the application may be one of authentik's: after a 400 the provider would not try again */
function rejectUnaddressed({ config }: SigninContext, ctx: Context, { problem, detail }: Unaddressed): Outcome {
  if (config.managed?.waiting) throw new NotKnownYet();
  return reject(ctx, problem, detail);
}

/** Attack: the token may be anybody's, and as long as the form. */
const shown = (value: unknown) => JSON.stringify(value).slice(0, 200);

/** What the log has beside the sentence that the provider sees: the values that were compared. */
const detailOf = ({ cause }: Rejection) => (cause === undefined ? undefined : loggedMessage(cause));

/**
 * Attack: a recorded token, sent again, would end the sessions of its user for as long as the token lives. Each is used
 * once.
 * @returns `false` where the token was used before
 * @throws StoreUnavailable
 */
function endSessions({ sessions, now }: SigninContext, logout: Logout): Promise<boolean> {
  const { issuer, sub, sid, jti, issuedAt } = logout;
  return sessions.consumeOnce(`${issuer} ${jti}`, rememberMs(logout, now()), async () => {
    // `sid` is the narrower one: sessions of the user on other devices go on.
    if (sid !== undefined) await sessions.endSid(issuer, sid, sub, issuedAt);
    else if (sub !== undefined) await sessions.endUser(issuer, sub, issuedAt);
  });
}

/**
 * Section 2.8: 400 with a JSON error. A store or provider that is unavailable is a 503 instead: the provider tries
 * again.
 */
function reject(ctx: Context, description: string, detail?: string): Outcome {
  const problem = { status: 400, reason: 'credentials_refused', error: 'invalid_request', description } as const;
  return respondWithJson(ctx, problem, 'refused', detail === undefined ? description : `${description}: ${detail}`);
}
