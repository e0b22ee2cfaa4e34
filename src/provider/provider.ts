/** An OpenID provider as one application sees it. */
import type { TokenEndpointResponse } from 'openid-client';
import type { Identity } from '../identity.ts';
import type { Rejection } from './rejection.ts';

/** What a login in progress sent to the authorization endpoint. */
export interface AuthorizationRequest {
  redirectUri: string;
  state: string;
  nonce: string;
  /** PKCE S256 is derived from it (RFC 7636). */
  codeVerifier: string;
}

/** The session that a refresh is for: who it is, and the last tokens, verified when they came. */
export type RefreshSubject = Pick<Identity, 'sub' | 'user' | 'jwt' | 'idToken'>;

/** What the provider is told of the session that a user signs out of. */
export type SignedOutSession = Pick<Identity, 'idToken' | 'user'>;

/** The response of a refresh as it came: nothing of it was verified. */
export interface RefreshedTokens {
  /** The refresh token that takes the place of the one that was sent; `undefined` where that one stays. */
  refreshToken: string | undefined;
  response: TokenEndpointResponse;
}

/**
 * `rejected`: the user has to log in again. `failed`: the provider gave another error; the refresh token is as good as
 * before.
 */
export type RefreshResult =
  | { kind: 'refreshed'; tokens: RefreshedTokens }
  | Rejection
  | (Omit<Rejection, 'kind'> & { kind: 'failed' });

export type IdentityResult = { kind: 'verified'; identity: Identity } | Rejection;

/**
 * Claims of a token whose signature, `iss`, `aud`, `exp` and `nbf` were verified. Times in seconds, as in the token.
 */
export type VerifiedClaims = Record<string, unknown> & { iss: string; exp: number; iat: number };

export type LogoutTokenResult =
  | {
      kind: 'verified';
      claims: VerifiedClaims;
      /** `typ` of the JOSE header in lower case, without `application/`; empty where it is missing. */
      type: string;
    }
  | Rejection;

/**
 * A rejection is a value. Each method throws `ProviderUnavailable` on an outage (network, time-out, 5xx, an unusable
 * response, or a provider that does not take this client) and nothing else on purpose. Each call ends within 10 s.
 */
export interface Provider {
  /** `jwks_uri` as far as discovery has come; empty before. Reading it sends no request. */
  readonly jwksUri: string;
  /**
   * Starts discovery in the background where nothing was found yet or the document is stale. Never waits, never throws.
   */
  prefetch(): void;
  /** The URL to send the browser to. */
  authorizationUrl(request: AuthorizationRequest): Promise<string>;
  /**
   * Exchanges the code of a callback; checks `iss`, `state`, `nonce` and the signature, reads missing claims from
   * userinfo.
   * @param callback the URL that the browser came back to
   */
  exchangeCode(callback: URL, request: AuthorizationRequest): Promise<IdentityResult>;
  /**
   * Sends a refresh token, which may be used up by that: store the one of the result before anything else.
   */
  refresh(refreshToken: string): Promise<RefreshResult>;
  /**
   * Verifies what `refresh` has brought, and reads the claims of now.
   * @param subject the session that is refreshed, as it is now: tokens for another `sub` are rejected
   */
  verifyRefreshed(tokens: RefreshedTokens, subject: RefreshSubject): Promise<IdentityResult>;
  /**
   * The client credentials grant with user name and app password, without the client's secret; the user is compared.
   * @param clientAddress whose request has the password, where it is known: authentik may be told (`pass_client_ip`)
   */
  verifyAppPassword(username: string, password: string, clientAddress?: string): Promise<IdentityResult>;
  /** The resource owner password grant, with client authentication; the user is compared. */
  verifyPassword(username: string, password: string): Promise<IdentityResult>;
  /** A JWT is verified by the provider's keys, an opaque token by introspection, as the application is configured. */
  verifyBearer(token: string): Promise<IdentityResult>;
  /**
   * Asks the introspection endpoint whether a token of this client still lives; `undefined` where it cannot say so
   * (RFC 7662 section 2.2).
   */
  isActive(token: string): Promise<boolean | undefined>;
  /**
   * Verifies signature, `iss`, `aud`, `exp`, `nbf`, and that `iat` is there; the endpoint checks what makes it a logout
   * token.
   */
  verifyLogoutToken(token: string): Promise<LogoutTokenResult>;
  /**
   * `end_session_endpoint` with `id_token_hint`, or with `logout_hint` where that would make it too long; `undefined`
   * where the provider has none.
   */
  endSessionUrl(session: SignedOutSession): Promise<string | undefined>;
}
