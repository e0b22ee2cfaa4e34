/** Whether the provider takes this client: by a code that cannot exist, and a token that is none. */
import { randomBytes } from 'node:crypto';
import type { ServerMetadata } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { redirectUri } from '../endpoints.ts';
import { causeOf, GatepostError } from '../errors.ts';
import { createEvents } from '../observe/events.ts';
import { authenticates } from '../provider/client_auth.ts';
import { ClientRejected, createProviders, type Provider } from '../provider/index.ts';
import { messageOf, type Report } from './check.ts';

/** What an answer to a code that does not exist says about the client. */
type Answer =
  | { kind: 'accepted' }
  | { kind: 'rejected'; error: string; message: string }
  | { kind: 'unclear'; message: string };

/** Whether `client_id` and the secret or key are right; `unknown` where the provider does not tell. */
export type ClientProof = 'proven' | 'refused' | 'unknown';

const CLIENT_REMEDY =
  'Copy client_id and client_secret from the client at the provider once more, without a space or line break; look whether the secret there has expired, and whether the client is of the confidential type.';

export function providerOf(application: ApplicationConfig, onLog?: (event: string, message: string) => void): Provider {
  const events = createEvents();
  events.on('log', ({ event, message }) => onLog?.(event, message));
  return createProviders({ events })(application);
}

/** Looks at the token endpoint. */
export async function checkClient(
  application: ApplicationConfig,
  metadata: ServerMetadata,
  report: Report,
): Promise<ClientProof> {
  const methods: string[] = [];
  const provider = providerOf(application, (event, message) => {
    if (event === 'provider.auth_method') methods.push(message);
  });
  const answer = await askWithCode(provider, application, metadata);
  checkMethod(application, metadata, methods[0], report);
  if (answer.kind === 'rejected') return reportRejected(answer, report);
  if (answer.kind === 'unclear') {
    report.warning(
      'client.secret',
      `it could not be tried: ${answer.message}`,
      'Look at the provider, then run this again.',
    );
    return 'unknown';
  }
  if (!authenticates(application)) {
    report.ok('client.secret', 'a public client: it has no secret');
    return 'unknown';
  }
  return checkControl(application, metadata, report);
}

/** A client with another secret must be refused, or the answer to the right one means nothing. */
async function checkControl(
  application: ApplicationConfig,
  metadata: ServerMetadata,
  report: Report,
): Promise<ClientProof> {
  if (application.client_secret === undefined) {
    report.ok('client.secret', 'the provider takes the signature of this client');
    return 'proven';
  }
  const other = { ...application, client_secret: randomBytes(24).toString('hex') };
  const answer = await askWithCode(providerOf(other), other, metadata);
  if (answer.kind === 'rejected') {
    report.ok('client.secret', 'the provider takes it, and refuses another one');
    return 'proven';
  }
  report.warning(
    'client.secret',
    'the provider looks at the code before it looks at the secret: it could not be tried without a login',
    'Log in once; provider.client_rejected in the log says when the secret is wrong.',
  );
  return 'unknown';
}

function reportRejected({ error, message }: Extract<Answer, { kind: 'rejected' }>, report: Report): ClientProof {
  if (/^(unauthorized_client|unsupported_grant_type)$/.test(error)) {
    report.error(
      'grants.authorization_code',
      message,
      'Turn on the authorization code flow (standard flow) for this client at the provider.',
    );
    return 'unknown';
  }
  report.error('client.secret', message, CLIENT_REMEDY);
  return 'refused';
}

async function askWithCode(
  provider: Provider,
  application: ApplicationConfig,
  metadata: ServerMetadata,
): Promise<Answer> {
  const state = randomBytes(16).toString('hex');
  const callback = new URL(redirectUri(application));
  callback.searchParams.set('code', `gatepost-doctor-${randomBytes(16).toString('hex')}`);
  callback.searchParams.set('state', state);
  callback.searchParams.set('iss', metadata.issuer);
  const codeVerifier = randomBytes(32).toString('base64url');
  try {
    const login = { redirectUri: redirectUri(application), state, nonce: state, codeVerifier };
    const result = await provider.exchangeCode(callback, login);
    if (result.kind === 'rejected' && result.reason === 'invalid_grant') return { kind: 'accepted' };
    const said =
      result.kind === 'rejected' ? (result.cause?.message ?? result.message) : 'it took a code that does not exist';
    return { kind: 'unclear', message: said };
  } catch (error) {
    if (error instanceof ClientRejected) return { kind: 'rejected', error: error.error, message: causeOf(error) };
    return { kind: 'unclear', message: error instanceof GatepostError ? causeOf(error) : messageOf(error) };
  }
}

function checkMethod(
  { token_endpoint_auth_method: method }: ApplicationConfig,
  metadata: ServerMetadata,
  switched: string | undefined,
  report: Report,
) {
  const { token_endpoint_auth_methods_supported: listed } = metadata;
  if (switched !== undefined)
    return report.warning(
      'client.auth_method',
      switched,
      'Set token_endpoint_auth_method to the one that was taken: the first login after a start is quicker then.',
    );
  if (method !== undefined && Array.isArray(listed) && !listed.includes(method))
    return report.warning(
      'client.auth_method',
      `token_endpoint_auth_method is ${method}, and the provider lists ${listed.join(', ')}`,
      'Take the setting out: Gatepost then tries what the provider lists.',
    );
  report.ok('client.auth_method', `${method ?? 'the one that the provider lists'} is used`);
}

/** Sends a token that is none to the introspection endpoint, as a bearer token would be. */
export async function checkIntrospection(
  application: ApplicationConfig,
  metadata: ServerMetadata,
  report: Report,
): Promise<void> {
  const isNeeded = application.bearer === 'introspect';
  const endpoint = application.introspection_endpoint ?? metadata.introspection_endpoint;
  const remedy = 'Set introspection_endpoint, and client_secret; or let the provider give JWTs, and set bearer: jwt.';
  if (!endpoint || !authenticates(application)) {
    const why = endpoint ? 'the client has no secret for it' : 'the provider names no introspection_endpoint';
    if (isNeeded)
      report.error('provider.introspection', `bearer is introspect, and ${why}: every bearer token is refused`, remedy);
    else report.ok('provider.introspection', `${why}; it is not needed: bearer tokens that are no JWT are refused`);
    return;
  }
  const token = `gatepost-doctor-${randomBytes(16).toString('hex')}`;
  try {
    const result = await providerOf(application).verifyBearer(token);
    if (result.kind === 'rejected' && result.reason === 'inactive_token')
      return report.ok('provider.introspection', 'the endpoint answers this client');
    const said =
      result.kind === 'rejected' ? (result.cause?.message ?? result.message) : 'it took a token that is none';
    report.warning('provider.introspection', `the endpoint answers otherwise than expected: ${said}`, remedy);
  } catch (error) {
    const message = error instanceof GatepostError ? causeOf(error) : messageOf(error);
    if (isNeeded) report.error('provider.introspection', message, remedy);
    else report.warning('provider.introspection', `${message}; only opaque bearer tokens need it`, remedy);
  }
}
