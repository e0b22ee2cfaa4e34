/** The login cookie: binds logins in progress to one browser. koa-session carries it. */
import { randomBytes } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { readCookies } from '../http/cookies.ts';
import {
  type CookieApplication,
  cookiePrefix,
  cookieScope,
  cookieSuffix,
  LOGIN_COOKIE,
  loginSameSite,
} from '../sessions/session_cookie.ts';
import { LOOP_ATTEMPTS, LOOP_WINDOW_MS } from './login_state.ts';

export interface LoginCookie {
  /**
   * 32 random bytes: the same for all logins in progress in this browser, so that any number of tabs can log in at
   * once.
   */
  id: string;
  /** Whether the browser sent it; otherwise it was made just now. */
  known: boolean;
  /**
   * When the last logins were completed, or came back without their `state`, in milliseconds since the epoch: several in
   * a short time are a loop.
   */
  logins: number[];
}

interface CookieValue {
  id?: string;
  logins?: number[];
}

/** What koa-session adds to a context; its own types leave it open. */
interface SessionContext extends Context {
  session: CookieValue & { save(): Promise<void> };
  sessionOptions: { key: string; secure?: boolean; domain?: string; sameSite?: string; partitioned?: boolean };
}

const SYNTAX = /^([\w-]{43})((?:\.[0-9a-z]{1,10}){0,8})$/;

/**
 * A browser keeps one cookie of a name for each path and each parent domain, and sends all that match, the one for `/`
 * last. Attack: so many planted ones that the right one is not looked at. No browser keeps as many for a site; more are
 * sent for processing time.
 */
const MAX_COOKIES = 1024;

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
  const options = { signed: false, maxAge: 'session' as const, encode, decode, overwrite: true };
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
  return `${cookiePrefix(application)}${LOGIN_COOKIE}${cookieSuffix(application.client_id)}`;
}

/**
 * Every login cookie of this browser at this application, in the order in which the browser sent them. Comes first: its
 * name and attributes depend on the application.
 * Attack: a neighbour host plants a cookie of this name for a path or a parent domain (RFC 6265 section 8.6), and the
 * browser sends it before the right one. All of them are read, and text that Gatepost never writes counts as none.
 */
export function readLoginCookies(ctx: Context, application: CookieApplication): LoginCookie[] {
  const { sessionOptions } = ctx as SessionContext;
  // The scope is that of the session cookie: a browser keeps both cookies or neither.
  const { secure, domain } = cookieScope(application);
  sessionOptions.key = loginCookieName(application);
  sessionOptions.secure = secure;
  if (domain !== undefined) sessionOptions.domain = domain;
  sessionOptions.sameSite = loginSameSite(application);
  sessionOptions.partitioned = application.cookie?.partitioned === true;
  // The proxy asks over plain http; whether the browser's connection has TLS is what `external_host` says.
  ctx.cookies.secure = secure;
  return readCookies(ctx.req.headers.cookie, sessionOptions.key, MAX_COOKIES).flatMap((text) => {
    const { id, logins = [] } = decode(text) ?? {};
    return id === undefined ? [] : [{ id, known: true, logins }];
  });
}

/**
 * The cookie that this browser goes on with.
 * @param cookies what `readLoginCookies` found
 * @param id of the one that a login is bound to; otherwise it is the last: those that are planted for a longer path come
 * first (RFC 6265 section 5.4)
 */
export function chooseLoginCookie(cookies: readonly LoginCookie[], id = cookies.at(-1)?.id): LoginCookie {
  if (id === undefined) return { id: randomBytes(32).toString('base64url'), known: false, logins: [] };
  // Attack: a planted cookie that says "three logins just now" would show the loop page at each login. The cookie that
  // knows of the fewest is believed: at worst the browser itself ends a loop.
  const [logins = []] = cookies.map((cookie) => cookie.logins).sort((one, other) => one.length - other.length);
  return { id, known: true, logins };
}

/** Writes the cookie with this response. Attack: an error that nobody waits for would end the process. */
export async function writeLoginCookie(ctx: Context, { id, logins }: LoginCookie): Promise<void> {
  const { session } = ctx as SessionContext;
  session.id = id;
  session.logins = logins;
  await session.save();
}

/** The cookie with one more login in it. */
export function countLogin(cookie: LoginCookie, now: number): LoginCookie {
  return { ...cookie, logins: [...cookie.logins, now].slice(-LOOP_ATTEMPTS) };
}

/**
 * Logins were completed again and again, but the next auth request knows of no session: its cookie does not come back to
 * this site, or the proxy does not pass it on, or another process answers.
 */
export function isLoop({ logins }: LoginCookie, now: number): boolean {
  return logins.filter((time) => Math.abs(now - time) <= LOOP_WINDOW_MS).length >= LOOP_ATTEMPTS;
}
