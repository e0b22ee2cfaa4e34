/** Logs in at a server's own login as a person would, and asks what a session's cookie is worth. */
import { request } from 'node:http';
import { createBrowser } from '../../test/support/browser.ts';
import { ask } from '../answer.ts';
import { cases, HOST } from '../cases.ts';
import type { CheckedRequest } from '../other_servers.ts';
import type { Browser, Running } from './peer.ts';

export const ORIGIN = `https://${HOST}`;
/** Names the user in the headers of every server's response. */
const SHOWN = 'alice@example.com';
const LOGIN = { username: 'alice', password: 'wonderland', action: 'login' };

/** A browser that reaches the public address at a loopback port, as through a proxy that ends TLS. */
function browserAt(port: number): Browser {
  return createBrowser((url) => {
    if (url.host !== HOST) return undefined;
    const path = url.pathname + url.search;
    const headers = {
      Host: HOST,
      'X-Forwarded-Host': HOST,
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-For': '203.0.113.7',
      'X-Forwarded-Uri': path,
    };
    return { url: `http://127.0.0.1:${port}${path}`, headers };
  }, send);
}

/** As fetch, which would send no `Host` but the URL's. */
function send(url: string, { method, headers, body }: RequestInit & { headers: Headers }): Promise<Response> {
  return new Promise((resolve, reject) => {
    const form = body instanceof URLSearchParams;
    if (form) headers.set('Content-Type', 'application/x-www-form-urlencoded');
    const asked = request(url, { method, headers: Object.fromEntries(headers), agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      const { statusCode: status, rawHeaders } = response;
      const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1]!]] : []));
      const bodiless = status === 204 || status === 304;
      resolve(new Response(bodiless ? null : Buffer.concat(chunks), { status, headers: pairs as [string, string][] }));
    });
    asked.once('error', reject);
    asked.end(form ? body.toString() : undefined);
  });
}

/** @throws Error where the login does not come to its end */
export async function logIn({ port, openLogin }: Running): Promise<Browser> {
  const browser = browserAt(port);
  const form = await openLogin(browser);
  if (!form.text.includes('name="password"')) throw new Error(`no login form: ${form.url} ${form.status} ${form.text}`);
  const { location, status, text } = await browser.submit(form, LOGIN);
  if (location === undefined) throw new Error(`the login was not accepted: ${status} ${text}`);
  const arrived = (url: URL) => url.href === `${ORIGIN}/`;
  if (arrived(new URL(location))) return browser;
  const page = await browser.follow(location, arrived);
  if (page.status >= 400) throw new Error(`the login ended with ${page.status}: ${page.text}`);
  return browser;
}

const cookieOf = (browser: Browser) => browser.cookiesFor(`${ORIGIN}/`);

/** The auth request of a case, with the status that the server has for it. */
export function requestOf(server: Running, name: 'session' | 'anonymous', cookie = ''): CheckedRequest {
  const common = cases.find((one) => one.name === name)!.headers({ cookie, basic: '' });
  const headers = { ...common, ...server.headers };
  return name === 'session' ? { status: server.allowed, headers, shows: SHOWN } : { status: 401, headers };
}

/** Logs in and returns the session's `Cookie`. */
export async function sessionOf(server: Running): Promise<string> {
  return cookieOf(await logIn(server));
}

/**
 * Whether a session can be ended: signs out, as the browser does, and asks again with the cookie of before.
 * @throws Error where the login or the sign-out did not work
 */
export async function canEndSession(server: Running): Promise<boolean> {
  const status = async (cookie: string) => {
    const { headers } = requestOf(server, 'session', cookie);
    return (await ask(server.port, headers, server.target)).status;
  };
  const browser = await logIn(server);
  const cookie = cookieOf(browser);
  if ((await status(cookie)) !== server.allowed) throw new Error('the session is not accepted');
  const page = await server.signOut(browser);
  if (page.status >= 400) throw new Error(`signing out: ${page.status} ${page.text}`);
  if ((await status(cookieOf(browser))) === server.allowed) throw new Error('the browser is not signed out');
  return (await status(cookie)) !== server.allowed;
}
