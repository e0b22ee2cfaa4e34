/** What a provider says that it has, compared with what the configuration needs. Sends nothing. */
import type { ServerMetadata } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import type { Report } from './check.ts';

export function checkMetadata(application: ApplicationConfig, metadata: ServerMetadata, report: Report) {
  checkPkce(metadata, report);
  checkScopes(application, metadata, report);
  checkRefresh(application, metadata, report);
  checkGrants(application, metadata, report);
  checkEndSession(application, metadata, report);
}

/** A list of the document; `undefined` where it has none, which says nothing. */
function listOf(metadata: ServerMetadata, name: string): readonly unknown[] | undefined {
  const list = metadata[name];
  return Array.isArray(list) ? list : undefined;
}

function checkPkce(metadata: ServerMetadata, report: Report) {
  const methods = listOf(metadata, 'code_challenge_methods_supported');
  if (methods === undefined || methods.includes('S256')) return report.ok('provider.pkce', 'PKCE with S256 is taken');
  report.warning(
    'provider.pkce',
    `the provider lists ${methods.join(', ') || 'no method'} for PKCE, and Gatepost always uses S256`,
    'Turn PKCE with S256 on for this client, if the provider has a switch for it.',
  );
}

function checkScopes({ scopes }: ApplicationConfig, metadata: ServerMetadata, report: Report) {
  const supported = listOf(metadata, 'scopes_supported');
  const unknown = supported === undefined ? [] : scopes.filter((scope) => !supported.includes(scope));
  const others = unknown.filter((scope) => scope !== 'offline_access');
  if (others.length === 0) return;
  report.warning(
    'scopes.requested',
    `the provider does not list the scope${others.length === 1 ? '' : 's'} ${others.join(', ')}`,
    'Take it out of scopes, or add it to the client at the provider: a claim that it should bring is missing otherwise.',
  );
}

/** Google's way to ask for a refresh token. */
const isOfflineOtherwise = ({ authorize_params }: ApplicationConfig) => authorize_params.access_type === 'offline';

function checkRefresh(application: ApplicationConfig, metadata: ServerMetadata, report: Report) {
  const supported = listOf(metadata, 'scopes_supported');
  const asks = application.scopes.includes('offline_access');
  if (!asks && isOfflineOtherwise(application))
    return report.ok('scopes.offline_access', 'a refresh token is asked for by access_type=offline');
  if (!asks && application.session_lifetime !== undefined)
    return report.ok(
      'scopes.offline_access',
      'sessions live as long as session_lifetime says, without a refresh token',
    );
  if (!asks)
    return report.warning(
      'scopes.offline_access',
      'scopes has no offline_access: a session ends with its token, often after five minutes, and the login comes again',
      'Add offline_access to scopes, and allow it for this client at the provider; or set session_lifetime.',
    );
  if (supported !== undefined && !supported.includes('offline_access'))
    return report.warning(
      'scopes.offline_access',
      'the provider does not list the scope offline_access: it may give no refresh token, and a session then ends with its token',
      'Add the scope offline_access to the client at the provider, or set session_lifetime.',
    );
  report.ok('scopes.offline_access', 'a refresh token is asked for');
}

function checkGrants(application: ApplicationConfig, metadata: ServerMetadata, report: Report) {
  const grants = listOf(metadata, 'grant_types_supported');
  if (grants === undefined) return;
  if (!grants.includes('authorization_code'))
    report.error(
      'grants.authorization_code',
      'the provider does not list the authorization code grant, by which every login works',
      'Turn on the authorization code flow for this client at the provider.',
    );
  const needsRefresh = application.scopes.includes('offline_access');
  if (grants.includes('refresh_token')) report.ok('grants.refresh_token', 'the provider lists it');
  else if (needsRefresh)
    report.warning(
      'grants.refresh_token',
      'the provider does not list the refresh token grant: a session ends with its token',
      'Turn on refresh tokens for this client at the provider, or set session_lifetime.',
    );
  checkPasswordGrant(application, grants, report);
}

function checkPasswordGrant({ basic }: ApplicationConfig, grants: readonly unknown[], report: Report) {
  const grant = basic === 'password' ? 'password' : 'client_credentials';
  if (basic === 'off') report.ok('grants.password', 'basic is off: Authorization: Basic is left to the application');
  else if (grants.includes(grant)) report.ok('grants.password', `the provider lists ${grant}`);
  else if (basic === 'password')
    report.warning(
      'grants.password',
      'basic is password, and the provider does not list that grant: programs with a user name and password are refused',
      'Turn the password grant on at the provider, or set basic: off.',
    );
  else
    report.ok('grants.password', 'the provider has no app passwords: Authorization: Basic is left to the application');
}

function checkEndSession(
  { post_logout_redirect_uri: back }: ApplicationConfig,
  metadata: ServerMetadata,
  report: Report,
) {
  if (metadata.end_session_endpoint)
    return report.ok('provider.end_session', back ? `sign-out leads there and on to ${back}` : 'sign-out leads there');
  report.warning(
    'provider.end_session',
    'the provider names no end_session_endpoint: who signs out here stays signed in there, and the next click signs them in again without a question',
    'Turn on RP-initiated logout at the provider if it has it; else tell your users to sign out there too, or make it ask each time (authorize_params: { prompt: login }).',
  );
}
