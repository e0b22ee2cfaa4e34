/** The sign-in endpoints as Koa middleware. */
import type { Middleware } from 'koa';
import { createBackchannelLogout } from './backchannel_logout.ts';
import { callback } from './callback.ts';
import type { Room, SigninOptions } from './context.ts';
import { createBinding } from './login_cookie.ts';
import { createAttempts } from './login_state.ts';
import { forBrowser, withLog } from './middleware.ts';
import { signOut } from './sign_out.ts';
import { start } from './start.ts';

export { type Denied, deniedPage, unknownHost } from '../pages/denied.ts';
export type { SigninOptions } from './context.ts';

export interface Signin {
  /** koa-session, to be mounted before `start`, `callback` and `sign_out`, and nowhere else. */
  session: Middleware;
  start: Middleware;
  callback: Middleware;
  sign_out: Middleware;
  backchannel_logout: Middleware;
}

export function createSignin(options: SigninOptions): Signin {
  const room: Room = { ...options, attempts: createAttempts(options.config.secret, options.now) };
  return {
    session: createBinding(),
    start: forBrowser(room, 'start', ['GET', 'HEAD'], start),
    callback: forBrowser(room, 'callback', ['GET', 'HEAD'], callback),
    sign_out: forBrowser(room, 'sign_out', ['GET', 'HEAD', 'POST'], signOut),
    backchannel_logout: withLog(room, 'backchannel_logout', ['POST'], createBackchannelLogout(room)),
  };
}
