/** Whether the provider takes this client: by a code that cannot exist, and a token that is none. */
import { randomBytes } from 'node:crypto';
import type { ServerMetadata } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { authenticates } from '../provider/client_auth.ts';
import { checkMethod } from './auth_method.ts';
import type { Report } from './check.ts';
import { askWithCode, type CodeAnswer } from './code_request.ts';

/** Whether `client_id` and the secret or key are right; `unknown` where the provider does not tell. */
export type ClientProof = 'proven' | 'refused' | 'unknown';

type Rejected = Extract<CodeAnswer, { kind: 'rejected' }>;

const CLIENT_REMEDY =
  'Copy client_id and client_secret from the client at the provider once more, without a space or line break; look whether the secret there has expired, and whether the client is of the confidential type.';

/** Looks at the token endpoint. */
export async function checkClient(
  application: ApplicationConfig,
  metadata: ServerMetadata,
  report: Report,
): Promise<ClientProof> {
  const answer = await askWithCode(application, metadata);
  const isAuthMethod = await checkMethod(application, metadata, answer, report);
  if (answer.kind === 'rejected')
    return isAuthMethod
      ? 'unknown'
      : reportRejected(answer, await isAboutSecret(application, metadata, answer), report);
  if (answer.kind === 'unclear') {
    report.warning('client.secret', `it could not be tried: ${answer.message}`, 'Look at the provider, and try again.');
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
  const answer = await askWithCode(other, metadata);
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

/**
 * Keycloak refuses a wrong secret with `unauthorized_client` as well, which RFC 6749 section 5.2 has for a grant that the
 * client may not use: then another secret has the same answer.
 */
async function isAboutSecret(
  application: ApplicationConfig,
  metadata: ServerMetadata,
  { error, message }: Rejected,
): Promise<boolean> {
  if (!/^(unauthorized_client|unsupported_grant_type)$/.test(error)) return true;
  if (application.client_secret === undefined) return false;
  const other = { ...application, client_secret: randomBytes(24).toString('hex') };
  const answer = await askWithCode(other, metadata);
  return answer.kind === 'rejected' && answer.error === error && answer.message === message;
}

function reportRejected({ error, message }: Rejected, isSecret: boolean, report: Report): ClientProof {
  if (!isSecret) {
    report.error(
      'grants.authorization_code',
      message,
      'Turn on the authorization code flow (standard flow) for this client at the provider.',
    );
    return 'unknown';
  }
  const orFlow =
    error === 'invalid_client'
      ? ''
      : ' If they are right, turn on the authorization code flow (standard flow) for the client.';
  report.error('client.secret', message, CLIENT_REMEDY + orFlow);
  return 'refused';
}
