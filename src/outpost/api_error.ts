/** Why a call of authentik's API has failed, in words for the operator. */
import { escapeUnreadable } from '../characters.ts';
import { member } from '../json.ts';
import { AUTHENTIK_WORDS, connectionCause, isAboutCertificate } from '../provider/connection_hint.ts';
import type { ApiFailureKind } from './types.ts';

/** No `Retry-After` makes Gatepost wait for longer. */
const MAX_RETRY_AFTER_MS = 300_000;

const MAX_TEXT_CHARS = 200;

/** `message` is for the log: without the token, and without anything that authentik keeps secret. */
export class AuthentikApiError extends Error {
  override readonly name = 'AuthentikApiError';
  readonly kind: ApiFailureKind;
  /** Milliseconds that authentik asks to wait before the next call. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: ApiFailureKind, message: string, retryAfterMs?: number) {
    super(message);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What came over the wire. */
export interface ApiAnswer {
  /** Without its query. */
  url: string;
  status: number;
  /** Values of the headers; `undefined`: not there. */
  retryAfter: string | undefined;
  location: string | undefined;
  body: string;
}

/** Why no connection to authentik came, or none that can be trusted. */
export function connectionFault(error: unknown): string {
  return escapeUnreadable(connectionCause(error, AUTHENTIK_WORDS).slice(0, MAX_TEXT_CHARS * 2));
}

/** @param error what the network gave instead of a response */
export function unreachable(url: string, error: unknown): AuthentikApiError {
  const what = isAboutCertificate(error) ? `no authentik API at ${url}` : `authentik cannot be reached at ${url}`;
  return new AuthentikApiError('outage', `${what}: ${connectionFault(error)}`);
}

/** An answer with a status that is no success. */
export function refusal(answer: ApiAnswer, now: number): AuthentikApiError {
  const { url, status } = answer;
  const detail = member(parsed(answer.body), 'detail');
  const wait = retryAfterMs(answer.retryAfter, now);
  if (status === 401 || (status === 403 && detail !== undefined)) {
    const said = typeof detail === 'string' ? `: ${excerpt(detail)}` : '';
    return new AuthentikApiError('refused', `authentik refuses the token at ${url} (status ${status}${said})`, wait);
  }
  const isDown = status >= 500 || status === 403 || status === 408 || status === 429;
  const what = isDown ? `authentik does not answer at ${url}` : `no authentik API at ${url}`;
  return new AuthentikApiError('outage', `${what} (${[`status ${status}`, ...said(answer)].join(', ')})`, wait);
}

/** An answer with status 200 or 201 that is none of this API. */
export function notUnderstood(answer: ApiAnswer, why: string): AuthentikApiError {
  const words = [`status ${answer.status}`, why, ...said(answer)].join(', ');
  return new AuthentikApiError('outage', `no authentik API at ${answer.url} (${words})`);
}

function said({ location, body }: ApiAnswer): string[] {
  if (location !== undefined) return [`it leads to ${excerpt(location.replace(/[?#].*$/s, ''))}`];
  const detail = member(parsed(body), 'detail');
  if (typeof detail === 'string') return [excerpt(detail)];
  const [line = ''] = body.trimStart().split(/[\r\n]/, 1);
  // Attack: in the list of providers that broke off stand the secrets of their clients. Only what is no JSON is quoted.
  return line === '' || /[{[]/.test(line) ? [] : [excerpt(line)];
}

/** A text of somebody else's in the log: short, in quotes, on one line. */
export function excerpt(text: string): string {
  const short = text.length > MAX_TEXT_CHARS ? `${text.slice(0, MAX_TEXT_CHARS)}…` : text;
  return escapeUnreadable(JSON.stringify(short));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}
