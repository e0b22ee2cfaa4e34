/**
 * Which issuers tokens may name: the one of the configuration, those that an application allows beside it at a provider of
 * many tenants, and at authentik in outpost mode those that it builds from the hosts that it is asked at.
 */
import type { ApplicationConfig } from '../config/schema/config.ts';
import { isNonEmptyString } from '../json.ts';

/** Entra ID's discovery of `common` and `organizations` has it where the issuer of each token has its tenant. */
const TENANT = '{tenantid}';

/** The keys of the configuration that say it. */
export type IssuerKeys = Pick<ApplicationConfig, 'issuer' | 'allowed_issuers' | 'managed'>;

/** The claims of a token that say who issued it. */
export interface IssuerClaims {
  iss?: unknown;
  /** The tenant, in Entra ID's tokens. */
  tid?: unknown;
}

/** The tenant that an issuer has in the place of `{tenantid}`. */
function tenantIn(issuer: string, template: string): string | undefined {
  const [before = '', after, ...more] = template.split(TENANT);
  if (after === undefined || more.length > 0 || issuer.length <= before.length + after.length) return undefined;
  if (!issuer.startsWith(before) || !issuer.endsWith(after)) return undefined;
  const tenant = issuer.slice(before.length, issuer.length - after.length);
  return /^[A-Za-z0-9.-]+$/.test(tenant) ? tenant : undefined;
}

/**
 * Whether a discovery document may be used: its issuer is the configured one (OpenID Connect Discovery section 4.3), or
 * one that is allowed beside it, or has `{tenantid}` in the place of an allowed issuer's tenant.
 */
export function acceptsDocument({ issuer, allowed_issuers }: IssuerKeys, documentIssuer: unknown): boolean {
  if (!isNonEmptyString(documentIssuer)) return false;
  if (documentIssuer === issuer) return true;
  return allowed_issuers.some((one) => one === documentIssuer || tenantIn(one, documentIssuer) !== undefined);
}

/**
 * Whether a token may name this issuer.
 * Attack: all tenants of such a provider share its keys, so that the issuer alone tells one's own users from strangers.
 * It is compared as a whole with what the operator wrote; where that has `{tenantid}`, or the discovery document has,
 * the tenant in it must be the one of `tid`.
 * @param documentIssuer of the discovery document
 */
export function acceptsIssuer(
  { issuer, allowed_issuers, managed }: IssuerKeys,
  documentIssuer: string,
  { iss, tid }: IssuerClaims,
): boolean {
  if (!isNonEmptyString(iss) || iss.includes(TENANT)) return false;
  if (managed !== undefined) return managed.issuers.includes(iss);
  if (allowed_issuers.length === 0) return iss === documentIssuer;
  const tenant = tenantIn(iss, documentIssuer);
  if (tenant !== undefined && tid !== undefined && tid !== tenant) return false;
  if (allowed_issuers.includes(iss) || (iss === issuer && documentIssuer === issuer)) return true;
  return allowed_issuers.some((template) => tid !== undefined && tenantIn(iss, template) === tid);
}

/**
 * The issuer that stands for one which was accepted: at authentik in outpost mode the first, whichever host it was asked
 * at, so that a session is found and ended under one name.
 */
export function filedIssuer({ managed }: Pick<IssuerKeys, 'managed'>, accepted: string): string {
  return managed?.issuers.includes(accepted) ? managed.metadata.issuer : accepted;
}

/** Those that tokens for an application may name, as far as the configuration says them. */
export function issuersOf({ issuer, allowed_issuers, managed }: IssuerKeys): readonly string[] {
  return managed?.issuers ?? [issuer, ...allowed_issuers];
}

/** What makes one discovery serve two applications. */
export function discoveryKey(application: DiscoveryKeys): string {
  const { managed } = application;
  // The number of a provider at authentik is no matter here.
  if (managed !== undefined) return JSON.stringify([managed.metadata, managed.issuers, managed.access]);
  const { issuer, issuer_discovery_url, issuer_ca_file, allowed_issuers, allow_insecure_issuer } = application;
  return JSON.stringify([issuer, issuer_discovery_url, issuer_ca_file, allowed_issuers, allow_insecure_issuer]);
}

/** The keys of the configuration that say where discovery is, and what it may say. */
export type DiscoveryKeys = IssuerKeys &
  Pick<ApplicationConfig, 'issuer_discovery_url' | 'issuer_ca_file' | 'allow_insecure_issuer'>;
