/** `gatepost explain`: decides a request that no client has sent, with the server's own authorizer, and says why. */
import { createApplicationIndex } from '../access/application_index.ts';
import { createAuthorizer } from '../auth/authorizer.ts';
import { loadConfig } from '../config/load.ts';
import { type Application, compileApplication } from '../decision/application.ts';
import type { AuthRequest } from '../decision/request.ts';
import { parseAddress } from '../http/ip.ts';
import { parseAbsoluteUrl, type RequestUrl } from '../http/url.ts';
import { isUsableName, type User } from '../identity.ts';
import type { LiveSession } from '../sessions/session.ts';
import { findConfigFile } from './config_file.ts';
import {
  describeApplication,
  describeDecision,
  describeRules,
  describeUser,
  type Row,
  UNNAMED,
} from './explain_words.ts';
import { EXIT_FAILED, EXIT_OK, type Io } from './io.ts';

/** The request as it was typed. */
export interface ExplainRequest {
  url: string;
  method: string;
  clientIp?: string;
  user?: string;
  email?: string;
  group: string[];
}

/** Fails for a URL or an address that is none; succeeds whatever is decided. */
export async function explainCommand(
  file: string | undefined,
  typed: ExplainRequest,
  { env, out, error }: Io,
): Promise<number> {
  const config = await loadConfig(findConfigFile(file, env), { env });
  // A person may leave the path out; a proxy may not.
  const url = parseAbsoluteUrl(/^[^/]*\/\/[^/]*$/.test(typed.url) ? `${typed.url}/` : typed.url);
  if ('problem' in url) {
    return fail(error, `the URL ${url.problem}; it must be absolute, such as https://grafana.example.com/admin`);
  }
  const clientAddress = typed.clientIp === undefined ? undefined : parseAddress(typed.clientIp);
  if (typed.clientIp !== undefined && clientAddress === undefined)
    return fail(error, '--client-ip is not an IP address');
  const index = createApplicationIndex(config.applications.map((application) => compileApplication(application)));
  const user = userOf(typed);
  const request = toAuthRequest(typed, url, clientAddress);
  const authorizer = createAuthorizer(index, () => ({ subject: user && subjectOf(user) }));
  const decision = await authorizer.check(request);
  const application = index.find(url.host);
  const indexOf = ({ config: found }: Application) => config.applications.indexOf(found);
  const rows: Row[] = [
    ['URL', url.href],
    ['host', application ? describeApplication(application, indexOf(application), url.host) : 'no application'],
    ['client', `${request.method} from ${clientAddress ?? 'an unknown address (--client-ip)'}`],
    ['user', user ? describeUser(user) : 'none (--user)'],
    ...(application ? describeRules(request, application, user) : []),
    ['decision', describeDecision(decision)],
  ];
  for (const [label, value] of rows) out(`${label.padEnd(10)}${value}`);
  return EXIT_OK;
}

function fail(error: Io['error'], problem: string): number {
  error(`gatepost: ${problem}`);
  return EXIT_FAILED;
}

/** The request of a browser that navigates. */
function toAuthRequest({ method }: ExplainRequest, url: RequestUrl, clientAddress: string | undefined): AuthRequest {
  return {
    url,
    method: method.toUpperCase(),
    clientAddress,
    headers: { 'sec-fetch-mode': 'navigate' },
    authorization: undefined,
    authorizationRepeated: false,
  };
}

function userOf({ user, email, group }: ExplainRequest): User | undefined {
  if (user === undefined && email === undefined && group.length === 0) return undefined;
  const [username, address] = [user ?? UNNAMED, email ?? ''];
  return {
    username,
    groups: group.filter(isUsableName),
    entitlements: [],
    email: address,
    name: '',
    uid: '',
    attributes: {},
  };
}

/** A session without a login: rules look at the user alone. */
function subjectOf(user: User): LiveSession {
  const times = { createdAt: 0, tokenIssuedAt: 0, tokenExpiresAt: 0, expiresAt: 0 };
  const session = {
    application: '',
    configuredIssuer: '',
    clientId: '',
    issuer: '',
    sub: '',
    user,
    jwt: '',
    idToken: '',
    authMethod: 'login',
    ...times,
  } as const;
  return { session, key: '' };
}
