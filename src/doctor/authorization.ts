/**
 * Whether the provider would let a login begin: the request of a browser, without a person. Where it answers with a page,
 * its words are compared with its answers to a client and to a redirect URI that nobody has registered.
 */
import { randomBytes } from 'node:crypto';
import type { ServerMetadata } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { redirectUri } from '../endpoints.ts';
import { causeOf, GatepostError, messageOf } from '../errors.ts';
import type { OutboundFetch } from '../provider/outbound.ts';
import { type AuthorizationAnswer, askAuthorization, isSameAnswer } from './authorization_answer.ts';
import type { Report } from './check.ts';
import type { ClientProof } from './client.ts';
import { providerOf } from './code_request.ts';
import type { FoundProvider } from './discovery.ts';
import { checkFurtherHosts } from './further_hosts.ts';

/** An address that no client has: `.invalid` is nobody's (RFC 2606 section 2). */
const UNREGISTERED = 'https://gatepost-doctor.invalid/callback';

interface Asked {
  real: AuthorizationAnswer;
  /** The same for a client that nobody has registered, and for a redirect URI that nobody has. */
  otherClient: AuthorizationAnswer | undefined;
  otherUri: AuthorizationAnswer | undefined;
}

export async function checkAuthorization(
  application: ApplicationConfig,
  { metadata, fetch }: FoundProvider,
  proof: ClientProof,
  report: Report,
): Promise<void> {
  try {
    const asked = await ask(application, metadata, fetch);
    await judge(application, asked, proof, fetch, report);
    const tells = asked.real.kind !== 'refused' && asked.otherUri?.kind !== 'accepted';
    if (tells) await checkFurtherHosts(application, { fetch, urlFor }, report);
  } catch (error) {
    const message = error instanceof GatepostError ? causeOf(error) : messageOf(error);
    reportWords(application, message, report);
  }
}

const login = (application: ApplicationConfig) => ({
  redirectUri: redirectUri(application),
  state: randomBytes(16).toString('hex'),
  nonce: randomBytes(16).toString('hex'),
  codeVerifier: randomBytes(32).toString('base64url'),
});

/** As the server makes it, pushed where the provider wants that. */
async function urlFor(application: ApplicationConfig): Promise<URL> {
  return new URL(await providerOf(application).authorizationUrl(login(application)));
}

async function ask(application: ApplicationConfig, metadata: ServerMetadata, fetch: OutboundFetch): Promise<Asked> {
  const url = await urlFor(application);
  const callback = redirectUri(application);
  const real = await askAuthorization(fetch, url, callback);
  // A pushed request was authenticated, and its answer is the provider's own.
  if (metadata.require_pushed_authorization_requests === true)
    return { real, otherClient: undefined, otherUri: undefined };
  const changed = (name: string, value: string) => {
    const other = new URL(url);
    other.searchParams.set(name, value);
    return askAuthorization(fetch, other, callback);
  };
  const otherClient = await changed('client_id', `gatepost-doctor-${randomBytes(8).toString('hex')}`);
  const otherUri = await changed('redirect_uri', UNREGISTERED);
  return { real, otherClient, otherUri };
}

async function judge(
  application: ApplicationConfig,
  asked: Asked,
  proof: ClientProof,
  fetch: OutboundFetch,
  report: Report,
): Promise<void> {
  const { real, otherClient, otherUri } = asked;
  if (real.kind === 'error') return reportCode(application, real, fetch, report);
  if (real.kind === 'accepted') return reportAccepted(application, asked, proof, report);
  const isLike = (other: AuthorizationAnswer | undefined) => other !== undefined && isSameAnswer(real, other);
  const blamesUri = /redirect|callback/i.test(real.words) && isLike(otherUri);
  if (isLike(otherClient) && !blamesUri && proof !== 'proven') return reportClient(application, real.words, report);
  if (isLike(otherUri) && !isLike(otherClient)) return reportUri(application, real.words, report);
  reportWords(application, `status ${real.status}: ${real.words}`, report);
}

function reportAccepted(
  application: ApplicationConfig,
  { otherClient, otherUri }: Asked,
  proof: ClientProof,
  report: Report,
) {
  const tells = (other: AuthorizationAnswer | undefined) => other === undefined || other.kind !== 'accepted';
  if (tells(otherClient) || proof === 'proven') report.ok('client.id', `the provider knows ${application.client_id}`);
  else
    report.warning(
      'client.id',
      'the provider shows its login to any client_id: it could not be tried without a login',
      'Log in once: the provider says after the login when it does not know the client.',
    );
  report.ok('scopes.requested', `${application.scopes.join(' ')}: the provider raises no objection`);
  if (tells(otherUri)) return report.ok('client.redirect_uri', `${redirectUri(application)} is registered`);
  report.warning(
    'client.redirect_uri',
    'the provider shows its login for any redirect URI: it compares it later, or what is registered is too wide a pattern',
    `Register exactly ${redirectUri(application)} at the provider, and no pattern.`,
  );
}

function reportClient({ client_id }: ApplicationConfig, words: string, report: Report) {
  report.error(
    'client.id',
    `the provider does not know the client ${client_id}: ${words}`,
    'Copy client_id from the client at the provider; look whether issuer is that of the same tenant, realm or application.',
  );
}

function reportUri(application: ApplicationConfig, words: string, report: Report) {
  const query = application.redirect_uri_query
    ? ', with its query (a provider that takes none there: redirect_uri_query: false)'
    : '';
  report.error(
    'client.redirect_uri',
    `the redirect URI is not registered: ${words}`,
    `Register exactly ${redirectUri(application)} for the client ${application.client_id}${query}.`,
  );
}

/** By what the provider says, where it is all that there is. */
function reportWords(application: ApplicationConfig, words: string, report: Report) {
  if (/redirect|callback|reply (?:url|address)/i.test(words)) return reportUri(application, words, report);
  if (/scope/i.test(words)) return reportScopes(application, words, application.scopes, report);
  if (/client|application/i.test(words) && !/invalid_client/.test(words))
    return reportClient(application, words, report);
  report.error(
    'client.authorization',
    `the provider refuses the request that begins a login: ${words}`,
    'Look at what the provider says, and at authorize_params, scopes and the flows that the client may use.',
  );
}

/** The provider would rather ask the user: `authorize_params: { prompt: none }`. */
const ONLY_NEEDS_USER = /^(login|interaction|consent|account_selection)_required$/;

async function reportCode(
  application: ApplicationConfig,
  { code, words }: Extract<AuthorizationAnswer, { kind: 'error' }>,
  fetch: OutboundFetch,
  report: Report,
): Promise<void> {
  // It came back to the redirect URI: the provider knows both.
  report.ok('client.id', `the provider knows ${application.client_id}`);
  report.ok('client.redirect_uri', `${redirectUri(application)} is registered`);
  if (ONLY_NEEDS_USER.test(code)) return report.ok('client.authorization', `${code}: the provider needs a user`);
  if (code === 'invalid_scope')
    return reportScopes(application, words, await refusedScopes(application, fetch), report);
  if (code === 'unauthorized_client' || code === 'unsupported_response_type')
    return report.error(
      'grants.authorization_code',
      words,
      'Turn on the authorization code flow (standard flow) for this client at the provider.',
    );
  reportWords(application, words, report);
}

function reportScopes(_application: ApplicationConfig, words: string, scopes: readonly string[], report: Report) {
  report.error(
    'scopes.requested',
    `the provider refuses ${scopes.join(' ')}: ${words}`,
    'Take the scope out of scopes, or allow it for this client at the provider.',
  );
}

/** Tries each alone, beside `openid`. */
async function refusedScopes(application: ApplicationConfig, fetch: OutboundFetch): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const scope of application.scopes) {
    const scopes = scope === 'openid' ? ['openid'] : ['openid', scope];
    const answer = await askAuthorization(fetch, await urlFor({ ...application, scopes }), redirectUri(application));
    if (answer.kind === 'error' && answer.code === 'invalid_scope') refused.push(scope);
  }
  return refused.length === 0 ? application.scopes : refused;
}
