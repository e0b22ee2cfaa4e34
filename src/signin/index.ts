/** The sign-in endpoints as Koa middleware. */
import type { Middleware } from 'koa';
import { createBackchannelLogout } from './backchannel_logout.ts';
import { callback } from './callback.ts';
import type { SigninContext, SigninOptions } from './context.ts';
import { createLoginCookieMiddleware } from './login_cookie.ts';
import { createLoginStates } from './login_state.ts';
import { browserEndpoint, endpoint } from './middleware.ts';
import { session } from './session.ts';
import { signOut } from './sign_out.ts';
import { start } from './start.ts';

export type { SigninOptions } from './context.ts';

export interface Signin {
  /** koa-session for the login cookie: mounted before `start`, `callback` and `sign_out`, and nowhere else. */
  loginCookie: Middleware;
  start: Middleware;
  callback: Middleware;
  sign_out: Middleware;
  session: Middleware;
  backchannel_logout: Middleware;
}

export function createSignin(options: SigninOptions): Signin {
  const context: SigninContext = { ...options, loginStates: createLoginStates(options.config.secret, options.now) };
  const read = ['GET', 'HEAD'];
  return {
    loginCookie: createLoginCookieMiddleware(),
    start: browserEndpoint(context, { name: 'start', methods: read }, start),
    callback: browserEndpoint(context, { name: 'callback', methods: read }, callback),
    sign_out: browserEndpoint(context, { name: 'sign_out', methods: [...read, 'POST'] }, signOut),
    session: browserEndpoint(context, { name: 'session', methods: [...read, 'POST'] }, session),
    backchannel_logout: endpoint(
      context,
      { name: 'backchannel_logout', methods: ['POST'], errorFormat: 'json' },
      createBackchannelLogout(context),
    ),
  };
}
