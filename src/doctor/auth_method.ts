/** By which method of client authentication the provider takes the client. */
import type { ServerMetadata } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { authenticates } from '../provider/client_auth.ts';
import type { Report } from './check.ts';
import { askWithCode, type CodeAnswer } from './code_request.ts';

const BY_SECRET = ['client_secret_basic', 'client_secret_post'] as const;
type BySecret = (typeof BY_SECRET)[number];

/**
 * @param answer to the method that the server uses
 * @returns whether the method is why the client was refused
 */
export async function checkMethod(
  application: ApplicationConfig,
  metadata: ServerMetadata,
  answer: CodeAnswer,
  report: Report,
): Promise<boolean> {
  const { token_endpoint_auth_method: method, client_secret } = application;
  if (method === undefined && answer.kind === 'accepted') {
    report.ok('client.auth_method', await describeTaken(application, metadata));
    return false;
  }
  if (method === undefined || answer.kind !== 'rejected' || client_secret === undefined) {
    if (answer.kind === 'accepted') report.ok('client.auth_method', `the provider takes ${method}`);
    return false;
  }
  const other = await firstTaken(application, metadata, BY_SECRET);
  if (other === undefined) return false;
  report.error(
    'client.auth_method',
    `the provider refuses ${method}, and takes ${other}`,
    `Set token_endpoint_auth_method: ${other}, or take the setting out.`,
  );
  return true;
}

/** Of methods that were not set by the operator, the provider may have refused the first. */
async function describeTaken(application: ApplicationConfig, metadata: ServerMetadata): Promise<string> {
  if (!authenticates(application)) return 'the client names itself alone';
  if (application.client_secret === undefined || application.client_key !== undefined)
    return 'the provider takes the signature of the client, or its secret';
  const listed = metadata.token_endpoint_auth_methods_supported;
  const begins = BY_SECRET.find((one) => listed?.includes(one)) ?? BY_SECRET[0];
  const taken = await firstTaken(application, metadata, [begins]);
  if (taken !== undefined) return `the provider takes ${taken}`;
  const [other] = BY_SECRET.filter((one) => one !== begins);
  return `the provider takes ${other}, and refuses ${begins}, which it lists: token_endpoint_auth_method: ${other} saves each start one request`;
}

async function firstTaken(
  application: ApplicationConfig,
  metadata: ServerMetadata,
  methods: readonly BySecret[],
): Promise<BySecret | undefined> {
  for (const token_endpoint_auth_method of methods) {
    const { kind } = await askWithCode({ ...application, token_endpoint_auth_method }, metadata);
    if (kind === 'accepted') return token_endpoint_auth_method;
  }
  return undefined;
}
