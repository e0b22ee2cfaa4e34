/** Whether the provider says what an opaque bearer token is: it is sent one that is none. */
import { randomBytes } from 'node:crypto';
import type { ServerMetadata } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { causeOf, GatepostError, messageOf } from '../errors.ts';
import { authenticates } from '../provider/client_auth.ts';
import type { Report } from './check.ts';
import { providerOf } from './code_request.ts';

const ID = 'provider.introspection';
const REMEDY = 'Set introspection_endpoint, and client_secret; or let the provider give JWTs, and set bearer: jwt.';

export async function checkIntrospection(application: ApplicationConfig, metadata: ServerMetadata, report: Report) {
  const isNeeded = application.bearer === 'introspect';
  const lack = lackOf(application, metadata);
  if (lack !== undefined && isNeeded)
    return report.error(ID, `bearer is introspect, and ${lack}: every bearer token is refused`, REMEDY);
  if (lack !== undefined) return report.ok(ID, `${lack}; only bearer tokens that are no JWT would need it`);
  const problem = await problemOf(application);
  if (problem === undefined) return report.ok(ID, 'the endpoint answers this client');
  if (isNeeded) return report.error(ID, problem, REMEDY);
  report.warning(ID, `${problem}; only bearer tokens that are no JWT need it`, REMEDY);
}

function lackOf(application: ApplicationConfig, metadata: ServerMetadata): string | undefined {
  const endpoint = application.introspection_endpoint ?? metadata.introspection_endpoint;
  if (!endpoint) return 'the provider names no introspection_endpoint';
  return authenticates(application) ? undefined : 'the client has no secret for the introspection endpoint';
}

/** `undefined` where the answer is the one to expect: that the token is not active. */
async function problemOf(application: ApplicationConfig): Promise<string | undefined> {
  try {
    const result = await providerOf(application).verifyBearer(`gatepost-doctor-${randomBytes(16).toString('hex')}`);
    if (result.kind === 'verified') return 'the endpoint calls a token active that it never gave';
    if (result.reason === 'inactive_token') return undefined;
    return `the endpoint does not say that an invented token is inactive: ${result.cause?.message ?? result.message}`;
  } catch (error) {
    return error instanceof GatepostError ? causeOf(error) : messageOf(error);
  }
}
