/** The first hour: what `npm run demo` gives, through its built-in gateway. */
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startDemo } from '../../demo/demo.ts';
import { ask } from '../integration/ask.ts';
import { freePort } from '../integration/program.ts';
import { createBrowser } from '../support/browser.ts';
import { resolveLocalhost } from '../support/localhost.ts';

let demo: Awaited<ReturnType<typeof startDemo>>;
let undo: () => void;

beforeAll(async () => {
  undo = resolveLocalhost();
  demo = await startDemo({ gateway: 'builtin', port: await freePort(), log_level: 'error' });
});
afterAll(async () => {
  await demo.close();
  undo();
});

/** A navigation of a visitor who is not signed in. */
function visit(path: string) {
  const { port, host } = new URL(demo.url);
  return ask(Number(port), { path, host, headers: [['Accept', 'text/html']] });
}

/** From the page to the provider, through its form and back: to the page, or to the form that says what is wrong. */
async function logIn(username: string, password: string, path = '/') {
  const browser = createBrowser();
  const first = await visit(path);
  expect(first.status).toBe(302);
  const form = await browser.follow(String(first.headers.location));
  const posted = await browser.submit(form, { username, password, action: 'login' });
  const page = posted.location === undefined ? posted : await browser.follow(posted.location);
  return { browser, page };
}

/** What reached the site; programs get it as JSON. */
async function seen(headers: Record<string, string>, path = '/public/') {
  const response = await fetch(`${demo.url}${path}`, { headers });
  return (await response.json()) as { method: string; url: string; headers: Record<string, string> };
}

test('a login leads back to the page with its query, and the site knows the name', async () => {
  const { page } = await logIn('alice', 'wonderland', '/some/page?a=1&b=2');
  expect(page.url).toBe(`${demo.url}/some/page?a=1&b=2`);
  expect(page.text).toContain('Hello, Alice Żółkowska');
  expect(page.text).toContain('admins|staff');
});

test('the login page lists the users, and says that a password is wrong', async () => {
  const { page } = await logIn('alice', 'rabbit');
  expect(page.text).toContain('Wrong user name or password');
  expect(page.text).toContain('wonderland');
});

test('alice may open the page for administrators, bob may not', async () => {
  const alice = await logIn('alice', 'wonderland', '/admin');
  expect(alice.page.status).toBe(200);
  const bob = await logIn('bob', 'builder', '/admin');
  expect([bob.page.status, bob.page.headers.get('x-gatepost-reason')]).toEqual([403, 'forbidden']);
});

test('the public page needs no login, and says so', async () => {
  const page = await createBrowser().open(`${demo.url}/public/`);
  expect(page.status).toBe(200);
  expect(page.text).toContain('you are not signed in');
});

test('a script gets 401 and the login URL', async () => {
  const response = await fetch(`${demo.url}/api/me`, { headers: { accept: 'application/json' } });
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ error: 'no_credentials' });
});

test('signing out ends the session', async () => {
  const { browser } = await logIn('bob', 'builder');
  const leaving = await browser.open(`${demo.url}/outpost.goauthentik.io/sign_out`);
  expect(leaving.location).toMatch(new RegExp(`^${demo.issuer}/session/end`));
  expect((await browser.open(`${demo.url}/`)).status).toBe(401);
});

test('an app password works from a shell and does not reach the site', async () => {
  const { headers } = await seen({ authorization: `Basic ${btoa('alice:app-alice')}` }, '/');
  expect(headers['X-authentik-username']).toBe('alice');
  expect(headers).not.toHaveProperty('authorization');
});

test('the gateway lets no identity of the client through, in no spelling', async () => {
  const forged = {
    'X-authentik-username': 'root',
    X_authentik_username: 'root',
    'X.authentik.username': 'root',
    'Remote-User': 'root',
    'Remote.User': 'root',
    'X-Auth-Request-User': 'root',
    'X-WEBAUTH-USER': 'root',
    'X-Forwarded-Host': 'evil.example',
    'X-Forwarded-Uri': '/public/',
  };
  const { headers } = await seen(forged);
  expect(JSON.stringify(headers)).not.toContain('root');
  expect(headers['X-Forwarded-Host']).toBe(new URL(demo.url).host);
  const elsewhere = await fetch(`${demo.url}/admin`, { headers: forged });
  expect(elsewhere.status).toBe(401);
});

test("the gateway does not expose Gatepost's auth endpoints, and serves one host", async () => {
  const answer = await fetch(`${demo.url}/outpost.goauthentik.io/auth/traefik`);
  expect(answer.status).toBe(404);
  expect((await fetch(`${demo.url.replace('app.localhost', '127.0.0.1')}/public/`)).status).toBe(404);
});

test('a large body arrives whole, with or without a length', async () => {
  const authorization = `Basic ${btoa('bob:app-bob')}`;
  const body = Buffer.alloc(5_000_000, 'x');
  for (const framing of [{ 'Content-Length': body.length }, { 'Transfer-Encoding': 'chunked' }]) {
    const headers = { authorization, ...framing };
    const sent = request(`${demo.url}/upload`, { method: 'DELETE', headers });
    sent.end(body);
    const [response] = await once(sent, 'response');
    expect(response.statusCode).toBe(200);
    let text = '';
    for await (const chunk of response) text += chunk;
    expect(JSON.parse(text)).toMatchObject({ method: 'DELETE', url: '/upload', bytes: body.length });
  }
});

test('a WebSocket opens with credentials and not without', async () => {
  const address = `${demo.url.replace('http', 'ws')}/api/socket`;
  const authorization = `Basic ${btoa('bob:app-bob')}`;
  const open = new WebSocket(address, { headers: { authorization } });
  const [message] = await once(open, 'message');
  expect(String(message)).toBe('open for bob');
  open.close();
  const [error] = await once(new WebSocket(address), 'error');
  expect(String(error)).toContain('401');
});
