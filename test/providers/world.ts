/** Gatepost in front of one site, over a real provider; no proxy: the person asks as one does. */
import { parseConfig } from '../../src/config/load.ts';
import { createEvents } from '../../src/observe/events.ts';
import { serve } from '../../src/server/server.ts';
import { freePort } from '../support/free_port.ts';
import { type Account, createPerson, type Person } from './person.ts';

export const HOST = 'files.test';
export const SITE = `http://${HOST}`;
export const REDIRECT_URI = `${SITE}/outpost.goauthentik.io/callback?X-authentik-auth-callback=true`;
export const CLIENT_ID = 'files';
export const CLIENT_SECRET = 'the-secret-of-files';

/** Where Gatepost will listen, before the provider starts that is told so. */
export interface Place {
  port: number;
  backchannelUri: string;
}

export async function choosePlace(): Promise<Place> {
  const port = await freePort();
  return { port, backchannelUri: `http://127.0.0.1:${port}/outpost.goauthentik.io/backchannel_logout` };
}

export interface RealProvider {
  issuer: string;
  account: Account;
  /** What the upstream gets as the user name. */
  username: string;
  groups: string[];
  /** Keys of the application, in YAML. */
  keys: Record<string, unknown>;
  /** How long its tokens live, in milliseconds. */
  tokenLifeMs: number;
  /** Ends the person's session at the provider, where that tells clients (OpenID Connect Back-Channel Logout 1.0). */
  endSession?(person: Person): Promise<void>;
  stop(): Promise<void>;
}

export async function startWorld(provider: RealProvider, { port }: Place) {
  let passedMs = 0;
  const application = {
    name: 'Files',
    external_host: SITE,
    issuer: provider.issuer,
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    ...provider.keys,
  };
  const config = {
    listen: { http: `127.0.0.1:${port}`, metrics: 'off' },
    secret: 'a secret of these tests, longer than 32 characters',
    log: { level: 'error', format: 'json' },
    session_max_age: '30d',
    applications: [application],
  };
  const events = createEvents();
  const said: string[] = [];
  events.on('signin', ({ reason, detail }) => said.push(`${reason ?? ''} ${detail ?? ''}`));
  events.on('log', ({ message, error }) => said.push(`${message} ${error instanceof Error ? error.message : ''}`));
  const now = () => Date.now() + passedMs;
  const gatepost = await serve(parseConfig(JSON.stringify(config), { env: {} }), { now, events });

  /** The answer to a request of a program with this `Authorization`. */
  async function askWith(authorization: string): Promise<{ status: number; username: string | null }> {
    const headers = {
      'x-forwarded-proto': 'http',
      'x-forwarded-host': HOST,
      'x-forwarded-uri': '/',
      'x-forwarded-method': 'GET',
      'x-authentik-no-redirect': '1',
      authorization,
    };
    const address = `http://127.0.0.1:${port}/outpost.goauthentik.io/auth/traefik`;
    const { status, headers: answered } = await fetch(address, { headers, redirect: 'manual' });
    return { status, username: answered.get('x-authentik-username') };
  }

  return {
    /** What Gatepost has said so far, for the message of a failing test. */
    said: () => said.slice(-5).join('\n'),
    newPerson: () => createPerson(HOST, () => port, provider.account),
    askWith,
    /** Moves Gatepost's clock, and no other one. */
    pass(ms: number) {
      passedMs += ms;
    },
    resetClock() {
      passedMs = 0;
    },
    close: () => gatepost.close(),
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;
