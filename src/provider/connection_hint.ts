/** Says in a sentence why a provider could not be used: an issuer with a typing error looks like one that is away. */

interface Fault {
  message?: unknown;
  code?: unknown;
  cause?: unknown;
}

const quoted = (value: unknown) => JSON.stringify(String(value).slice(0, 200));

/** What the operator can do about the faults of a connection, by the code that Node gives them. */
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
  return `the OpenID provider ${issuer} cannot be used: ${reason(issuer, error as Fault)}`;
}

function reason(issuer: string, { code, message, cause }: Fault): string {
  // openid-client's code for a document whose `issuer` is not the one that was asked for; the document comes as the cause.
  if (code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED') {
    const own = (cause as { body?: { issuer?: unknown } } | undefined)?.body?.issuer;
    return `it calls itself ${quoted(own)}; the configuration must say exactly the same`;
  }
  if (cause instanceof Response) {
    return `it answers ${cause.status} at ${issuer.replace(/\/$/, '')}/.well-known/openid-configuration; is the issuer right?`;
  }
  const inner = cause as Fault | undefined;
  const word = String(inner?.code ?? code ?? '');
  const hint = CONNECTION_HINTS.find(([codes]) => codes.test(word))?.[1];
  const what = [message, word].filter(Boolean).join(', ');
  return hint ? `${hint} (${word})` : what;
}
