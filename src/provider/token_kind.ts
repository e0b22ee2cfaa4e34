/** What kind of token a JWT or an introspection response says that it is: an access or ID token, or any other. Pure. */
import type { Claims } from './claims.ts';

/** `unnamed`: nothing is said of the kind. `other`: no access token and no ID token, or a kind that nobody knows. */
export type TokenKind = 'access_or_id' | 'unnamed' | 'other';

/**
 * Claims that name the kind, in lower case and without `_` and `-`: Keycloak's and Rauthy's `typ`, Cognito's and Hydra's
 * `token_use`, django-simplejwt's `token_type`, Casdoor's `tokenType`, OpenIddict's `token_usage`, ForgeRock's
 * `tokenName`, Oracle's `tok_type`.
 */
const KIND_CLAIMS = new Set(['typ', 'tokenuse', 'tokentype', 'tokenusage', 'tokenname', 'tokenkind', 'toktype']);
// biome-ignore format: a table
const ACCESS_OR_ID = new Set([
  'bearer', 'bearertoken', 'access', 'accesstoken', 'oauthaccesstoken', 'at', 'at+jwt', 'id', 'idtoken', 'it',
]);
/** Says how the token is written, and nothing of its kind. */
const FORMATS = new Set(['jwt', 'jwttoken']);

/** Claims that some providers name the kind in (Pocket ID's `type`, Curity's `purpose`), and others what the user is. */
const LOOSE_CLAIMS = new Set(['type', 'kind', 'use', 'usage', 'purpose']);
/** What refresh tokens, the tokens behind links in e-mails, codes, tokens of half a login and logout tokens are called. */
const OTHER_KINDS = new RegExp(
  [
    'refresh|offline|logout|reset|recovery|registration|onetime|magiclink',
    // A user may be "verified" or "invited".
    'verif(y|ication)|invit(e(?!d)|ation)|activat(e(?!d)|ion)|confirm(?!ed)',
    '^(auth(orization)?|device|user)?code$',
    '^(executeactions|(action|mfa|2fa|otp|totp|preauth|challenge)(token|pending)?)$',
  ].join('|'),
);

/** Claims of logout tokens, signed introspection responses, and proofs of possession (RFC 9449 section 4.2). */
const FOREIGN_CLAIMS = ['events', 'token_introspection', 'htm', 'htu'];
/** Cloud Foundry's UAA marks a refresh token in its `jti`, which is 32 hexadecimal digits before that. */
const UAA_REFRESH_ID = /^[0-9a-f]{32}-r$/;

/** Without the prefix of a media type, or of RFC 8693 section 3. */
const normalise = (text: string) =>
  text
    .toLowerCase()
    .replace(/^(application\/|urn:ietf:params:oauth:token-type:)/, '')
    .replace(/[\s_-]/g, '');

/** A claim of a provider's own may have a URI before its name (RFC 7519 section 4.2). */
const localName = (name: string) => normalise(name.replace(/^.*[/:]/s, ''));

const texts = (value: unknown) => [value].flat().filter((one) => typeof one === 'string');

/**
 * Attack: a refresh token, or the token behind a link in an e-mail, is a JWT of the same issuer for the same client with
 * the same signature at many providers, and active at introspection. So only a kind that is known to open counts, where
 * one is named, and one of another type than text does not.
 */
export function kindOf(claims: Claims): TokenKind {
  if (isMarkedOtherwise(claims)) return 'other';
  const named = Object.entries(claims)
    .filter(([name]) => KIND_CLAIMS.has(normalise(name)))
    .map(([, value]) => (typeof value === 'string' ? normalise(value) : ''));
  if (named.some((kind) => !ACCESS_OR_ID.has(kind) && !FORMATS.has(kind))) return 'other';
  return named.some((kind) => ACCESS_OR_ID.has(kind)) ? 'access_or_id' : 'unnamed';
}

/** Whether claims say plainly that the token is of another kind; a kind that nobody knows is none. */
export function isMarkedOtherwise(claims: Claims): boolean {
  const { jti } = claims;
  return (
    FOREIGN_CLAIMS.some((name) => name in claims) ||
    (typeof jti === 'string' && UAA_REFRESH_ID.test(jti)) ||
    isForRefreshAlone(claims) ||
    Object.entries(claims).some(([name, value]) => {
      const key = localName(name);
      const namesKind = KIND_CLAIMS.has(key) || LOOSE_CLAIMS.has(key);
      return namesKind && texts(value).some((kind) => OTHER_KINDS.test(normalise(kind)));
    })
  );
}

/** Some frameworks mark a refresh token by its one scope. */
function isForRefreshAlone({ scope, scp, scopes }: Claims): boolean {
  const all = [scope, scp, scopes].flatMap(texts).flatMap((list) => list.split(' ').filter((one) => one !== ''));
  return all.length > 0 && all.every((one) => ['refresh', 'refreshtoken'].includes(normalise(one)));
}
