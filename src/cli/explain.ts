/** `gatepost explain`: asks the server's own authenticator about a request that nobody made, and says why it decides so. */
import { createApplicationIndex } from '../access/application_index.ts';
import { createAuthorizer } from '../auth/authorizer.ts';
import { loadConfig } from '../config/load.ts';
import { compileApplication } from '../decision/application.ts';
import type { AuthRequest } from '../dialects/dialect.ts';
import {
  invalidHeader,
  parseHost,
  parseScheme,
  type RequestUrl,
  requestUrl,
  splitAbsoluteUrl,
} from '../dialects/forwarded_headers.ts';
import { parseAddress } from '../http/ip.ts';
import type { LiveSession } from '../sessions/sessions.ts';
import { describePerson, verdict, whichApplication, whichRules } from './explain_words.ts';
import type { Io } from './program.ts';

/** The request, as it was typed. */
export interface ExplainRequest {
  url: string;
  method: string;
  clientIp?: string;
  user?: string;
  email?: string;
  group: string[];
}

/** Resolves with 1 where the URL or the address cannot be read, else with 0 whatever is decided. */
export async function explainCommand(file: string, request: ExplainRequest, surroundings: Io): Promise<number> {
  const { env, out, error } = surroundings;
  const config = await loadConfig(file, { env });
  const url = readUrl(request.url);
  const client = request.clientIp === undefined ? undefined : parseAddress(request.clientIp);
  if ('kind' in url || (request.clientIp !== undefined && client === undefined)) {
    error(`gatepost: ${'kind' in url ? `${url.header} ${url.problem}` : '--client-ip is no address'}`);
    return 1;
  }
  const hosts = createApplicationIndex(config.applications.map(compileApplication));
  const subject = person(request);
  const authRequest = toAuthRequest(request, url, client);
  const decision = await createAuthorizer(hosts, () => ({ subject })).check(authRequest);
  const application = hosts.find(url.host);
  const rows = [
    ['URL', url.href],
    [
      'host',
      application
        ? whichApplication(application, config.applications.indexOf(application.config), url.host)
        : 'no application',
    ],
    ['client', `${request.method} from ${client ?? 'an unknown address (--client-ip)'}`],
    ['user', subject ? describePerson(subject.session.user) : 'nobody (--user)'],
    ...(application ? whichRules(authRequest, application) : []),
    ['decision', verdict(decision)],
  ];
  for (const [label, value] of rows) out(`${label!.padEnd(10)}${value}`);
  return 0;
}

function readUrl(text: string): RequestUrl | ReturnType<typeof invalidHeader> {
  const parts = splitAbsoluteUrl(text);
  const scheme = parts && parseScheme(parts.scheme);
  if (!parts || !scheme) return invalidHeader('the URL', 'must be absolute, such as https://grafana.example.com/admin');
  const host = parseHost(parts.host, scheme, "the URL's host");
  return 'kind' in host ? host : requestUrl(scheme, host.host, parts.uri, 'the URL');
}

/** The question of somebody who opens a page. */
function toAuthRequest({ method }: ExplainRequest, url: RequestUrl, client: string | undefined): AuthRequest {
  return {
    kind: 'question',
    url,
    method: method.toUpperCase(),
    client,
    peer: '',
    headers: { 'sec-fetch-mode': 'navigate' },
    authorization: undefined,
    authorizationRepeated: false,
    noRedirect: false,
    redirects: true,
  };
}

/** A session that nobody has; rules look at its user alone. */
function person({ user, email, group }: ExplainRequest): LiveSession | undefined {
  if (user === undefined && email === undefined && group.length === 0) return undefined;
  const named = {
    username: user ?? '',
    groups: group,
    entitlements: [],
    email: email ?? '',
    name: '',
    uid: '',
    attributes: {},
  };
  const times = { createdAt: 0, tokenIssuedAt: 0, tokenExpiresAt: 0, expiresAt: 0 };
  const session = {
    application: '',
    issuer: '',
    sub: '',
    user: named,
    jwt: '',
    idToken: '',
    authMethod: 'login' as const,
    ...times,
  };
  return { session, key: '', derived: {} };
}
