/** Gatepost over a provider, with people who have signed in and every line of the log: what all targets of the fuzz share. */
import { setImmediate } from 'node:timers/promises';
import { parseConfig } from '../../src/config/load.ts';
import { createEvents } from '../../src/observe/events.ts';
import { createLog } from '../../src/observe/log.ts';
import { serve } from '../../src/server/server.ts';
import { createBrowser } from '../support/browser.ts';
import { startProvider } from '../support/provider.ts';
import { createConnection, headerOf } from './connection.ts';
import { type Credential, PEOPLE } from './people.ts';
import { clients, configText, type Rule, type Site, sites } from './sites.ts';

type Browser = ReturnType<typeof createBrowser>;

const SECRET = 'a secret of the fuzz that has more than 32 characters';
const PREFIX = '/outpost.goauthentik.io';

/** @param more further rules of the first site */
export async function startWorld(more: Rule[] = []) {
  const provider = await startProvider({ clients: clients() });
  const events = createEvents();
  const lines: string[] = [];
  createLog({ level: 'debug', format: 'json', query: true }, events, () => ({
    write: (line) => void lines.push(line),
  }));
  const server = await serve(parseConfig(configText(provider.issuer, SECRET, more)), { events });
  const { port } = server.http;
  let durationMs = 0;
  events.on('decision', (event) => {
    durationMs = event.duration_ms;
  });
  const connection = createConnection(port);

  /** A browser whose sites are all at this Gatepost. */
  const browse = () =>
    createBrowser((url) =>
      url.origin === provider.issuer
        ? undefined
        : {
            url: `http://127.0.0.1:${port}${url.pathname}${url.search}`,
            headers: { 'x-forwarded-host': url.host, 'x-forwarded-proto': url.protocol.slice(0, -1) },
          },
    );
  const isAtProvider = (address: string | undefined) => address?.startsWith(`${provider.issuer}/`) === true;

  /** Signs in with `start` at this path and query of a site; the address that the login ends at. */
  async function signIn(browser: Browser, start: string, user: string): Promise<string | undefined> {
    const first = await browser.open(start);
    if (!isAtProvider(first.location)) return first.location;
    const hinted = `${first.location}&login_hint=${user}`;
    const back = await browser.follow(hinted, (url) => url.origin !== provider.issuer);
    if (back.location === undefined) throw new Error(`the provider ends the login: ${back.status} ${back.text}`);
    return (await browser.open(back.location)).location;
  }

  async function signedIn(user: string, slug: string): Promise<Browser> {
    const { origin } = sites.find((site) => site.slug === slug)!;
    const browser = browse();
    await signIn(browser, `${origin}${PREFIX}/start`, user);
    return browser;
  }

  /**
   * Where a login that begins at this path and query leads a browser that has a session by the time that it comes back:
   * the provider is not asked, so that many can be tried.
   */
  async function returnFrom({ origin }: Site, cookie: string, start: string): Promise<string | undefined> {
    const [scheme, host] = origin.split('://');
    const get = (path: string, cookies: string[]) =>
      connection.ask(
        `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-Host: ${host}\r\nX-Forwarded-Proto: ${scheme}\r\nAccept: text/html\r\nSec-Fetch-Dest: document\r\nCookie: ${cookies.join('; ')}\r\n\r\n`,
      );
    const first = await get(start, [cookie]);
    const location = headerOf(first, 'location');
    if (!isAtProvider(location)) return location;
    const { searchParams } = new URL(location!);
    const back = new URL(searchParams.get('redirect_uri')!);
    back.searchParams.set('state', searchParams.get('state')!);
    const set = first.headers.filter(([name]) => name === 'set-cookie').map(([, line]) => line.replace(/;.*/, ''));
    return headerOf(await get(back.pathname + back.search, [cookie, ...set]), 'location');
  }

  async function cookieOf(user: string, slug: string): Promise<Credential> {
    const { origin } = sites.find((site) => site.slug === slug)!;
    const browser = await signedIn(user, slug);
    const pair = browser
      .cookiesFor(`${origin}/`)
      .split('; ')
      .find((one) => /authentik_proxy_[0-9a-f]{8}=/.test(one));
    if (pair === undefined) throw new Error(`${user} has no session at ${slug}`);
    return { person: PEOPLE[user]!, slug, header: ['Cookie', pair], secret: pair.slice(pair.indexOf('=') + 1) };
  }

  function basicOf(user: string): Credential {
    const secret = Buffer.from(`${user}:app-${user}`).toString('base64');
    return { person: PEOPLE[user]!, slug: undefined, header: ['Authorization', `Basic ${secret}`], secret };
  }

  /** A token of the provider for one of the sites, as a program would have fetched it. */
  async function tokenOf(user: string, slug: string): Promise<string> {
    const { password } = provider.users.find((one) => one.username === user)!;
    const { client_secret } = clients().find((client) => client.client_id === slug)!;
    const body = new URLSearchParams({
      grant_type: 'password',
      username: user,
      password,
      scope: 'openid profile email',
    });
    const authorization = `Basic ${Buffer.from(`${slug}:${client_secret}`).toString('base64')}`;
    const reply = await fetch(`${provider.issuer}/token`, { method: 'POST', body, headers: { authorization } });
    const tokens = (await reply.json()) as { access_token: string };
    return tokens.access_token;
  }

  return {
    provider,
    port,
    ask: connection.ask,
    returnFrom,
    cookieOf,
    basicOf,
    tokenOf,
    /** Milliseconds that Gatepost takes for an auth request. */
    async durationOf(text: string): Promise<number> {
      await connection.ask(text);
      // The event comes at the end of the tick that answered.
      await setImmediate();
      return durationMs;
    },
    /** The lines since the last call. */
    takeLines: () => lines.splice(0),
    async close() {
      connection.close();
      await server.close();
      await provider.close();
    },
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;
