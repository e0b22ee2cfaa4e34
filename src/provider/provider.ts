/** An OpenID provider as one application sees it: every method asks the network and judges what came back. */
import type { Identity } from '../identity.ts';

/**
 * Failures: `ProviderUnavailable` (network, time-out, 5xx, nonsense) and `CredentialsRefused` (it said no,
 * or what it sent did not pass a check). Nothing else is thrown on purpose. Every call ends within 10 s.
 */
export interface Provider {
  /** `jwks_uri` as far as discovery has come; empty before. */
  readonly jwksUri: string;
  /** Whether discovery has succeeded. Starts it, when it has not, in the background. */
  readonly known: boolean;
  /** Where to send the browser. PKCE S256 is derived from `codeVerifier`. */
  authorizationUrl(attempt: {
    redirectUri: string;
    state: string;
    nonce: string;
    codeVerifier: string;
  }): Promise<string>;
  /** The code of a callback for an identity; checks `iss`, `state`, `nonce`, signature; asks userinfo for what is missing. */
  exchangeCode(
    callback: URL,
    attempt: { redirectUri: string; state: string; nonce: string; codeVerifier: string },
  ): Promise<Identity>;
  refresh(refreshToken: string, subject: { sub: string; idToken: string }): Promise<Identity>;
  /** Client credentials grant with user name and app password, without the client's secret; the user is compared. */
  verifyAppPassword(username: string, password: string): Promise<Identity>;
  /** Resource owner password grant, with client authentication; the user is compared. */
  verifyPassword(username: string, password: string): Promise<Identity>;
  /** A JWT verified locally, or an opaque token by introspection, as the application is configured. */
  verifyBearer(token: string): Promise<Identity>;
  /** The claims of a logout token whose signature, `iss`, `aud`, `iat`, `exp` were verified; the rest is judged by the endpoint. */
  verifyLogoutToken(token: string): Promise<Record<string, unknown>>;
  /** `end_session_endpoint` with `id_token_hint`; `undefined` where the provider has none. */
  endSessionUrl(idToken: string | undefined): Promise<string | undefined>;
}
