/** What authentik manages in outpost mode: parts of a configuration that no file has (docs/outpost.md). Plain data. */

/** How an application's provider is asked and what it says of itself, in the place of discovery. */
export interface ManagedProvider {
  /** Its number at authentik. */
  pk: number;
  metadata: ManagedMetadata;
  /** The issuers that tokens may name, exactly; sessions are filed under the first, which is the application's `issuer`. */
  issuers: readonly [string, ...string[]];
  access: AuthentikAccess;
}

/** From `oidc_configuration`, with the addresses that are really asked. */
export interface ManagedMetadata {
  /** As the first of `issuers`. */
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  jwks_uri: string;
  userinfo_endpoint?: string;
  end_session_endpoint?: string;
  introspection_endpoint?: string;
  /** Only a listed one is accepted. `HS…`: the key is the client secret. */
  id_token_signing_alg_values_supported: readonly string[];
}

/** How authentik is reached; the same for all its applications. */
export interface AuthentikAccess {
  /** The origin of `AUTHENTIK_HOST`. Only this one may be asked by plain http. */
  origin: string;
  /** `AUTHENTIK_INSECURE`: its certificate is not checked. */
  insecure: boolean;
  /**
   * The origin that requests of the token, introspection and userinfo endpoints name in `Host` and `X-Forwarded-Proto`, so
   * that authentik builds the issuer from it. Where a URL has this origin, or it is `origin` itself (no
   * `AUTHENTIK_HOST_BROWSER`), nothing is overridden.
   */
  publicOrigin: string;
}

/** Of the whole configuration. */
export interface ManagedOutpost {
  /** `AUTHENTIK_HOST` with its path: the authority whose session ends are heard (sessions are filed under it, too). */
  authority: string;
  /** No configuration of authentik is in force yet: hosts that the file does not have answer 503. */
  waiting: boolean;
  /** Of providers that are not served: unknown, and no wider application answers there. */
  reserved: ReservedHosts;
  /** `outpost.pass_client_ip`: the token that vouches for the client's address, sent to the origin of `AUTHENTIK_HOST` alone. */
  clientAddressToken?: string | undefined;
}

export interface ReservedHosts {
  /** `host` is in the form that `parseHost` gives; `why` is shown to everybody who asks for it. */
  hosts: readonly { host: string; why?: string | undefined }[];
  /** Cookie domains: the name, and all names under it. */
  domains: readonly string[];
}
