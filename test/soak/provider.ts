/** The provider of a soak: it can be slow, broken, silent and cut off, and tells which users' tokens it has renewed. */
import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import { people, startProvider, type TestUser } from '../support/provider.ts';
import { createAsker } from './ask.ts';
import { clients, TOKEN_TTL } from './site.ts';

/** What Gatepost asks; browsers can sign in all the time. */
const ASKED_BY_GATEPOST = ['discovery', 'jwks', 'token', 'userinfo', 'introspection'] as const;

/** A refresh token that was used. */
export interface Refresh {
  sub: string;
  /** Milliseconds of the monotonic clock. */
  askedAt: number;
  answeredAt: number;
  /** The provider's error; `undefined` where it gave new tokens. */
  error: string | undefined;
}

export type ProviderState = 'well' | 'slow' | 'unavailable' | 'silent' | 'cut_off';

const SLOW_MS = 2500;

const UNAVAILABLE = { status: 503, body: { error: 'temporarily_unavailable' } };

interface TokenAnswer {
  error?: string;
  refresh_token?: string;
  id_token?: string;
}

/** Marks what the provider asks itself. */
const INNER = 'x-soak-inner';

export async function startSoakProvider(onRefresh: (refresh: Refresh) => void) {
  const provider = await startProvider({
    clients: clients(),
    users: structuredClone(people),
    access_token_ttl: TOKEN_TTL,
    id_token_ttl: TOKEN_TTL,
  });
  const { ask, close } = createAsker(Number(new URL(provider.issuer).port), false);
  const owners = new Map<string, string>();
  let state: ProviderState = 'well';

  /** Passes a token request on to the provider itself, and looks at what it answers. */
  async function token(body: URLSearchParams, headers: IncomingHttpHeaders) {
    const askedAt = performance.now();
    const { authorization } = headers;
    const reply = await ask({
      path: '/token',
      method: 'POST',
      body: String(body),
      headers: {
        [INNER]: '1',
        'content-type': 'application/x-www-form-urlencoded',
        ...(authorization !== undefined && { authorization }),
      },
    });
    // Cut off before the provider had looked at it.
    if (reply.status === 0) return UNAVAILABLE;
    const answer: TokenAnswer = JSON.parse(reply.body || '{}');
    const used = body.get('refresh_token') ?? '';
    const sub = owners.get(used) ?? (answer.id_token === undefined ? undefined : decodeJwt(answer.id_token).sub);
    if (sub !== undefined && answer.refresh_token !== undefined) owners.set(answer.refresh_token, sub);
    if (sub !== undefined && used !== '')
      onRefresh({ sub, askedAt, answeredAt: performance.now(), error: answer.error });
    return { status: reply.status, body: answer };
  }

  for (const endpoint of ASKED_BY_GATEPOST) {
    provider.stand(endpoint, async (body, headers) => {
      if (headers[INNER] !== undefined) return undefined;
      if (state === 'unavailable') return UNAVAILABLE;
      if (state === 'slow') await sleep(SLOW_MS);
      return endpoint === 'token' ? token(body, headers) : undefined;
    });
  }

  return {
    issuer: provider.issuer,
    sign: provider.sign,
    rotateKeys: () => provider.rotateKeys({ keep: true }),
    addUser: (user: TestUser) => provider.users.push(user),
    become(next: ProviderState): void {
      state = next;
      const failure = {
        silent: 'hang',
        cut_off: 'reset',
        well: undefined,
        slow: undefined,
        unavailable: undefined,
      } as const;
      for (const endpoint of ASKED_BY_GATEPOST) provider.fail(endpoint, failure[next]);
    },
    /** For the browsers of visitors. */
    ask,
    async close(): Promise<void> {
      close();
      await provider.close();
    },
  };
}

export type SoakProvider = Awaited<ReturnType<typeof startSoakProvider>>;
