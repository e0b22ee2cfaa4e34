/** The small cookie that binds logins under way to one browser, carried by koa-session. */
import { randomBytes } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { cookieSuffix } from '../sessions/session_cookie.ts';
import { LOOP_ATTEMPTS } from './login_state.ts';

/** What the cookie says. */
export interface LoginCookie {
  /** 32 random bytes: the same for all logins under way in this browser, so that any number of tabs can log in at once. */
  id: string;
  /** Whether the browser sent it, or it was made just now. */
  known: boolean;
  /** When the last logins were completed (milliseconds): more than enough in a short time are a loop. */
  logins: number[];
}

interface CookieValue {
  id?: string;
  logins?: number[];
}

/** What koa-session adds to a context; its own types leave it open. */
interface SessionContext extends Context {
  session: CookieValue & { save(): void };
  sessionOptions: { key: string; secure?: boolean; domain?: string };
}

const SYNTAX = /^([\w-]{43})((?:\.[0-9a-z]{1,10})*)$/;

/** Plain text, since an id that was guessed or changed only makes a login start afresh. */
function encode({ id = '', logins = [] }: CookieValue): string {
  return [id, ...logins.slice(-LOOP_ATTEMPTS).map((time) => time.toString(36))].join('.');
}

/** `undefined` for what we did not write: koa-session then begins anew. */
function decode(text: string): CookieValue | undefined {
  const [, id, times] = SYNTAX.exec(text) ?? [];
  if (id === undefined) return undefined;
  const logins = (times ?? '').split('.').slice(1);
  return { id, logins: logins.map((time) => Number.parseInt(time, 36)).slice(-LOOP_ATTEMPTS) };
}

/**
 * koa-session, for the sign-in endpoints only. No signature: it would be a second cookie, and nginx hands on only one.
 * Without an end: a browser whose clock is wrong keeps the cookie nevertheless.
 */
export function createLoginCookieMiddleware(): Middleware {
  const options = { signed: false, maxAge: 'session' as const, sameSite: 'lax', encode, decode, overwrite: true };
  let middleware: Promise<Middleware> | undefined;
  return async (ctx, next) => {
    // Loaded with the first login: it takes a tenth of the time to the first answer.
    middleware ??= import('koa-session').then(
      ({ createSession }) => createSession({ ...options }, ctx.app) as Middleware,
    );
    return (await middleware)(ctx, next);
  };
}

/** The browser at this application. Comes first: the cookie's name and attributes depend on the application. */
export function readLoginCookie(ctx: Context, application: ApplicationConfig): LoginCookie {
  const { sessionOptions } = ctx as SessionContext;
  const secure = application.external_host.startsWith('https:');
  sessionOptions.key = `gatepost_login_${cookieSuffix(application.client_id)}`;
  sessionOptions.secure = secure;
  if (application.mode === 'forward_domain' && application.cookie_domain) {
    sessionOptions.domain = application.cookie_domain;
  }
  // Between the proxy and us there is no TLS; whether the browser's connection has it is what `external_host` says.
  ctx.cookies.secure = secure;
  const { id, logins = [] } = (ctx as SessionContext).session;
  return { id: id ?? randomBytes(32).toString('base64url'), known: id !== undefined, logins };
}

/** Writes the cookie with this answer. */
export function writeLoginCookie(ctx: Context, { id, logins }: LoginCookie): void {
  const { session } = ctx as SessionContext;
  session.id = id;
  session.logins = logins;
  session.save();
}
