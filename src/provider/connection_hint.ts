/** A sentence on why a provider cannot be used, since a mistyped issuer looks like a provider that is down. */
import { member } from '../json.ts';
import { JSON_ATTRIBUTE_COMPARISON } from './client_errors.ts';

const quoted = (value: unknown) => JSON.stringify(String(value).slice(0, 200));

/** By the error code that Node gives. */
const CONNECTION_HINTS: [codes: RegExp, hint: string][] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'this machine does not find that host name'],
  [/^ECONNREFUSED$/, 'nothing listens at that address'],
  [/WRONG_VERSION_NUMBER/, 'it does not speak TLS there: is the issuer http, or the port another one?'],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/,
    'its certificate is not trusted: NODE_EXTRA_CA_CERTS names a file with that of your own authority',
  ],
];

/** @param error what openid-client's `discovery` threw */
export function connectionHint(issuer: string, error: unknown): string {
  return `the OpenID provider ${issuer} cannot be used: ${hintOf(issuer, error)}`;
}

function hintOf(issuer: string, error: unknown): string {
  const cause = member(error, 'cause');
  // The discovery document names another `issuer` than the one that it was read for; the document is in the cause.
  if (member(error, 'code') === JSON_ATTRIBUTE_COMPARISON) {
    const own = member(member(cause, 'body'), 'issuer');
    return `it calls itself ${quoted(own)}; the configuration must say exactly the same`;
  }
  if (cause instanceof Response) {
    return `it answers ${cause.status} at ${issuer.replace(/\/$/, '')}/.well-known/openid-configuration; is the issuer right?`;
  }
  const code = String(member(cause, 'code') ?? member(error, 'code') ?? '');
  const hint = CONNECTION_HINTS.find(([codes]) => codes.test(code))?.[1];
  return hint ? `${hint} (${code})` : [member(error, 'message'), code].filter(Boolean).join(', ');
}
