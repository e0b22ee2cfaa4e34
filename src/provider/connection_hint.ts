/** Sentences on why a provider cannot be used, since a mistyped issuer looks like a provider that is down. */
import { member } from '../json.ts';

/** What the operator of this provider has to look at. */
export interface Remedies {
  /** Where something else than TLS answers. */
  noTls: string;
  untrusted: string;
}

const REMEDIES: Remedies = {
  noTls: 'is the issuer http, or the port another one?',
  untrusted: 'issuer_ca_file (or NODE_EXTRA_CA_CERTS) names a file with the one of your own authority',
};

/** By the error code that Node gives. */
const CONNECTION_HINTS: [codes: RegExp, hint: string, remedy?: keyof Remedies][] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'this machine does not find that host name'],
  [/^ECONNREFUSED$/, 'nothing listens at that address'],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH/, 'it does not speak TLS there', 'noTls'],
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet: is the clock of this machine right?'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'its certificate is for another host name'],
  [/CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/, 'its certificate is not trusted', 'untrusted'],
];

/**
 * Why no response came. Never with the query of the address, which may hold what is secret.
 * @param error what `fetch` threw
 * @param proxy the host of the proxy that the request went to
 */
export function connectionHint(address: string, error: unknown, proxy?: string, remedies = REMEDIES): string {
  const { origin, pathname } = new URL(address);
  const through = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  return `${origin}${pathname} cannot be reached${through}: ${hintOf(error, remedies)}`;
}

function hintOf(error: unknown, remedies: Remedies): string {
  const cause = causeWithin(error);
  const code = codeOf(cause);
  const [, hint, remedy] = CONNECTION_HINTS.find(([codes]) => codes.test(code)) ?? [];
  const text = cause instanceof Error ? cause.message : member(error, 'message');
  if (hint) return `${hint}${remedy ? `: ${remedies[remedy]}` : ''} (${code})`;
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
  return /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/.test(String(member(causeWithin(error), 'code') ?? ''));
}

/** undici's `fetch failed` says nothing; what it hides does, and may hide one more. */
function causeWithin(error: unknown, depth = 0): unknown {
  const cause = member(error, 'cause');
  return cause === undefined || depth > 3 ? error : causeWithin(cause, depth + 1);
}
