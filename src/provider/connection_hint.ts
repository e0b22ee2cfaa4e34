/** Sentences on why a provider cannot be used, since a mistyped issuer looks like a provider that is down. */
import { member } from '../json.ts';

/** Of a certificate. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/;

/** What the operator has set that leads to the server. */
export interface ConnectionWords {
  /** What has the address. */
  address: string;
  /** How a private authority becomes trusted. */
  trust: string;
}

const PROVIDER_WORDS: ConnectionWords = {
  address: 'the issuer',
  trust: 'issuer_ca_file (or NODE_EXTRA_CA_CERTS) names a file with the one of your own authority',
};

/** Of a provider that authentik manages, and of authentik's API. */
export const AUTHENTIK_WORDS: ConnectionWords = {
  address: 'AUTHENTIK_HOST',
  trust:
    'NODE_EXTRA_CA_CERTS names a file with the one of your own authority; AUTHENTIK_INSECURE=true asks authentik without this check',
};

/** By the error code that Node gives. */
const connectionHints = ({ address, trust }: ConnectionWords): [codes: RegExp, hint: string][] => [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'this machine does not find that host name'],
  [/^ECONNREFUSED$/, 'nothing listens at that address'],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH/, `it does not speak TLS there: is ${address} http, or the port another one?`],
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet: is the clock of this machine right?'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'its certificate is for another host name'],
  [UNTRUSTED, `its certificate is not trusted: ${trust}`],
];

/**
 * Why no response came. Never with the query of the address, which may hold what is secret.
 * @param error what `fetch` threw
 * @param proxy the host of the proxy that the request went to
 */
export function connectionHint(address: string, error: unknown, proxy?: string, words = PROVIDER_WORDS): string {
  const { origin, pathname } = new URL(address);
  const through = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  return `${origin}${pathname} cannot be reached${through}: ${connectionCause(error, words)}`;
}

/** Why no connection came, or none that can be trusted; without the address. */
export function connectionCause(error: unknown, words = PROVIDER_WORDS): string {
  const cause = causeWithin(error);
  const code = codeOf(cause);
  const hint = connectionHints(words).find(([codes]) => codes.test(code))?.[1];
  const text = cause instanceof Error ? cause.message : member(error, 'message');
  if (hint) return `${hint} (${code})`;
  return [text, code].filter(Boolean).join(', ');
}

/** Node's own requests hide what OpenSSL says behind one code. */
function codeOf(error: unknown): string {
  const code = String(member(error, 'code') ?? '');
  const isNoTls = code === 'EPROTO' && /wrong version number/.test(String(member(error, 'message')));
  return isNoTls ? 'ERR_SSL_WRONG_VERSION_NUMBER' : code;
}

/** Whether it was the certificate of the server that made a request fail. */
export function isAboutCertificate(error: unknown): boolean {
  return UNTRUSTED.test(String(member(causeWithin(error), 'code') ?? ''));
}

/** undici's `fetch failed` says nothing; what it hides does, and may hide one more. */
function causeWithin(error: unknown, depth = 0): unknown {
  const cause = member(error, 'cause');
  return cause === undefined || depth > 3 ? error : causeWithin(cause, depth + 1);
}
