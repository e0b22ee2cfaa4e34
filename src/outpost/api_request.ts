/** One call of authentik's API: sent with the token, read within bounds. */
import type { Agent } from 'undici';
import { member } from '../json.ts';
import { version as ownVersion } from '../version.ts';
import { type ApiAnswer, AuthentikApiError, notUnderstood, refusal, unreachable } from './api_error.ts';
import { isSuccess, readAnswer } from './read_answer.ts';
import type { OutpostSettings } from './types.ts';
import { userAgent } from './user_agent.ts';

/** One call, from the connection to the last byte. */
const CALL_TIMEOUT_MS = 10_000;

export interface ApiRequestOptions {
  settings: Pick<OutpostSettings, 'host' | 'insecure'>;
  /** The bearer token, asked for at each call. */
  token: () => string;
  version?: string;
  /** Milliseconds. */
  timeoutMs?: number;
}

export interface ApiRequests {
  /**
   * The JSON of the answer, and what makes an error of it where it is not what was asked for.
   * @param path below `api/v3/`, with its query
   * @param body sent by POST, as JSON
   * @throws AuthentikApiError
   */
  call(path: string, body?: unknown): Promise<ApiResult>;
  /** Calls under way fail. */
  close(): Promise<void>;
}

export interface ApiResult {
  json: unknown;
  /** @param why a few words on what is wrong with the JSON */
  notUnderstood(why: string): AuthentikApiError;
}

/** The default export: in the bundled command a CommonJS module has no other. */
const loadUndici = async () => (await import('undici')).default;

/** A client of its own: it follows no redirect, knows no proxy of the environment, and alone may trust any certificate. */
export function createApiRequests(options: ApiRequestOptions): ApiRequests {
  const { settings, token, version = ownVersion, timeoutMs = CALL_TIMEOUT_MS } = options;
  let agent: Agent | undefined;

  async function open(): Promise<Agent> {
    const { Agent: AgentClass } = await loadUndici();
    agent ??= new AgentClass({ connect: { rejectUnauthorized: !settings.insecure, timeout: timeoutMs } });
    return agent;
  }

  async function exchange(url: URL, bearer: string, body: string | null): Promise<ApiAnswer> {
    const dispatcher = await open();
    const response = await dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: body === null ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${bearer}`,
        accept: 'application/json',
        'user-agent': userAgent(version),
        ...(body === null ? {} : { 'content-type': 'application/json' }),
      },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    return readAnswer(withoutQuery(url), response);
  }

  async function ask(url: URL, bearer: string, body: string | null): Promise<ApiAnswer> {
    try {
      return await exchange(url, bearer, body);
    } catch (error) {
      if (error instanceof AuthentikApiError) throw error;
      throw isTimeout(error) ? late(withoutQuery(url), timeoutMs) : unreachable(withoutQuery(url), error);
    }
  }

  return {
    async call(path, body) {
      const url = new URL(`${settings.host}api/v3/${path}`);
      const bearer = token();
      const answer = await ask(url, bearer, body === undefined ? null : JSON.stringify(body));
      if (!isSuccess(answer.status)) throw refusal(withoutToken(answer, bearer), Date.now());
      const fail = (why: string) => notUnderstood(withoutToken(answer, bearer), why);
      return { json: parse(answer.body, fail), notUnderstood: fail };
    },
    close: async () => agent?.destroy(),
  };
}

const withoutQuery = ({ origin, pathname }: URL) => `${origin}${pathname}`;

function isTimeout(error: unknown): boolean {
  return member(error, 'name') === 'TimeoutError' || /^UND_ERR_.*TIMEOUT$/.test(String(member(error, 'code')));
}

function late(url: string, timeoutMs: number): AuthentikApiError {
  return new AuthentikApiError('outage', `authentik does not answer at ${url} within ${timeoutMs / 1000} s`);
}

/** Attack: a server that shows the request in its error page would bring the token into the log. */
function withoutToken(answer: ApiAnswer, bearer: string): ApiAnswer {
  const hide = (text: string) => text.replaceAll(bearer, '(token)');
  return { ...answer, body: hide(answer.body), location: answer.location && hide(answer.location) };
}

function parse(text: string, fail: (why: string) => AuthentikApiError): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw fail('no JSON');
  }
}
