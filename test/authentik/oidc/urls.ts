/** Where a provider is asked, and what it calls itself: built on the address that the request was for. */
import type { ProxyProvider } from '../proxy_provider.ts';

/** Built anew with each token. */
export function issuerOf({ issuer_mode, application }: ProxyProvider, base: string): string {
  return issuer_mode === 'global' ? base : `${base}application/o/${application?.slug}/`;
}

/** What discovery says, too; the API's schema names a part of it. */
export function providerMetadata(provider: ProxyProvider, base: string) {
  const { application, scopes, signing } = provider;
  const root = `${base}application/o/`;
  return {
    issuer: issuerOf(provider, base),
    authorization_endpoint: `${root}authorize/`,
    token_endpoint: `${root}token/`,
    userinfo_endpoint: `${root}userinfo/`,
    end_session_endpoint: `${root}${application?.slug}/end-session/`,
    introspection_endpoint: `${root}introspect/`,
    revocation_endpoint: `${root}revoke/`,
    device_authorization_endpoint: `${root}device/`,
    response_types_supported: [
      'code',
      'id_token',
      'id_token token',
      'code token',
      'code id_token',
      'code id_token token',
    ],
    jwks_uri: `${root}${application?.slug}/jwks/`,
    grant_types_supported: ['authorization_code', 'refresh_token', 'implicit', 'client_credentials', 'password'],
    id_token_signing_alg_values_supported: [signing],
    subject_types_supported: ['public'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    acr_values_supported: ['goauthentik.io/providers/oauth2/default'],
    scopes_supported: scopes,
    request_parameter_supported: false,
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'acr', 'amr', 'nonce'],
    claims_parameter_supported: false,
  };
}
