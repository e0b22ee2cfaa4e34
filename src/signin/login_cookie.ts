/** The login cookie: binds logins in progress to one browser. koa-session carries it. */
import { randomBytes } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { type CookieApplication, cookiePrefix, cookieScope, cookieSuffix } from '../sessions/session_cookie.ts';
import { LOOP_ATTEMPTS } from './login_state.ts';

export interface LoginCookie {
  /**
   * 32 random bytes: the same for all logins in progress in this browser, so that any number of tabs can log in at
   * once.
   */
  id: string;
  /** Whether the browser sent it; otherwise it was made just now. */
  known: boolean;
  /** When the last logins were completed, in milliseconds since the epoch: several in a short time are a loop. */
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

/** Plain text: an id that was guessed or changed only makes a login start again. */
function encode({ id = '', logins = [] }: CookieValue): string {
  return [id, ...logins.slice(-LOOP_ATTEMPTS).map((time) => time.toString(36))].join('.');
}

/** @returns `undefined` for text that Gatepost did not write: koa-session then makes a new cookie */
function decode(text: string): CookieValue | undefined {
  const [, id, times] = SYNTAX.exec(text) ?? [];
  if (id === undefined) return undefined;
  const logins = (times ?? '').split('.').slice(1);
  return { id, logins: logins.map((time) => Number.parseInt(time, 36)).slice(-LOOP_ATTEMPTS) };
}

/**
 * koa-session, for the sign-in endpoints only. No signature: it would be a second cookie, and nginx passes on only one.
 * Without an end: a browser whose clock is wrong keeps the cookie nevertheless.
 */
export function createLoginCookieMiddleware(): Middleware {
  const options = { signed: false, maxAge: 'session' as const, sameSite: 'lax', encode, decode, overwrite: true };
  let middleware: Promise<Middleware> | undefined;
  return async (ctx, next) => {
    // Loaded with the first login: it takes a tenth of the time to the first response.
    middleware ??= import('koa-session').then(
      ({ createSession }) => createSession({ ...options }, ctx.app) as Middleware,
    );
    return (await middleware)(ctx, next);
  };
}

/**
 * Attack: login CSRF by cookie tossing. A neighbour host plants the login cookie of the attacker's own browser and leads
 * the visitor to the attacker's callback. The prefix is that of the session cookie; the bare name is not read.
 */
function loginCookieName(application: CookieApplication): string {
  return `${cookiePrefix(application)}gatepost_login_${cookieSuffix(application.client_id)}`;
}

/**
 * Reads the cookie of this browser at this application. Comes first: its name and attributes depend on the application.
 */
export function readLoginCookie(ctx: Context, application: CookieApplication): LoginCookie {
  const { sessionOptions } = ctx as SessionContext;
  // The scope is that of the session cookie: a browser keeps both cookies or neither.
  const { secure, domain } = cookieScope(application);
  sessionOptions.key = loginCookieName(application);
  sessionOptions.secure = secure;
  if (domain !== undefined) sessionOptions.domain = domain;
  // The proxy asks over plain http; whether the browser's connection has TLS is what `external_host` says.
  ctx.cookies.secure = secure;
  // Not before: koa-session reads the cookie here, by the name that was just set.
  const { id, logins = [] } = (ctx as SessionContext).session;
  return { id: id ?? randomBytes(32).toString('base64url'), known: id !== undefined, logins };
}

/** Writes the cookie with this response. */
export function writeLoginCookie(ctx: Context, { id, logins }: LoginCookie): void {
  const { session } = ctx as SessionContext;
  session.id = id;
  session.logins = logins;
  session.save();
}
