/** Tokens that a client got for itself (RFC 6749 section 4.4), and not for a user. Pure. */
import { isNonEmptyString } from '../json.ts';
import type { Claims } from './claims.ts';

/** The client that a token was issued to, by RFC 9068, OpenID Connect, Okta and Entra. */
const CLIENT_CLAIMS = ['client_id', 'azp', 'cid', 'appid'];
/** Of Auth0, FusionAuth, UAA and ForgeRock. */
const GRANT_CLAIMS = ['gty', 'grant_type'];

/**
 * The client of a token that says that no user stands behind it: its grant, or its subject, is the client itself.
 * Attack: the token of a person that merely lacks the name would open as its client, with whatever the client may. So
 * what is not marked is nobody's, and neither is a token that names two clients.
 * @returns `undefined` for every other token
 */
export function machineOf(claims: Claims): string | undefined {
  const clients = new Set(CLIENT_CLAIMS.map((name) => claims[name]).filter((value) => value !== undefined));
  const [client] = clients;
  if (clients.size !== 1 || !isNonEmptyString(client)) return undefined;
  const isMarked =
    claims.sub === client ||
    claims.sub === `${client}@clients` ||
    GRANT_CLAIMS.some((name) => [claims[name]].flat().some(isClientCredentials)) ||
    // Entra; WSO2; Oracle.
    claims.idtyp === 'app' ||
    claims.aut === 'APPLICATION' ||
    claims.sub_type === 'client';
  return isMarked ? client : undefined;
}

function isClientCredentials(grant: unknown): boolean {
  return typeof grant === 'string' && grant.replace('-', '_') === 'client_credentials';
}
