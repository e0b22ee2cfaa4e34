/** A bearer token for an identity: a JWT is verified by the provider's keys, any other token by introspection. */
import type { Identity } from '../identity.ts';
import { type Claims, mergeClaims, type Sources, userFrom } from './claims.ts';
import type { ProviderContext } from './context.ts';
import { type IntrospectionResult, introspectionRequest, processIntrospectionResponse } from './introspection.ts';
import { isSignedJwt } from './jwt.ts';
import { readUser } from './kept_claims.ts';
import { machineOf } from './machine.ts';
import { fileIssuer } from './named_issuer.ts';
import { lacksNeededClaim, reportElsewhere } from './needed_claims.ts';
import type { IdentityResult } from './provider.ts';
import { type Rejection, rejected } from './rejection.ts';
import { saysOtherKind, verifyBearer } from './token_checks.ts';
import { readUserinfo, reportUserinfo, type UserinfoResult } from './userinfo.ts';

/** A token that is good, with what it says itself. */
type GoodToken = Exclude<IntrospectionResult, Rejection> & { token: string; isIntrospected: boolean };

const NO_USER = 'the token names no user; bearer_machines accepts those of machines';

/**
 * @param token as the client sent it, without its scheme
 * @throws ProviderUnavailable
 */
export async function verifyBearerToken(context: ProviderContext, token: string): Promise<IdentityResult> {
  const isLocal = context.application.bearer === 'jwt' && isSignedJwt(token);
  const result = isLocal ? await verifyLocally(context, token) : await introspect(context, token);
  if (result.kind === 'rejected') return result;
  const good: GoodToken = { ...result, token, isIntrospected: !isLocal };
  const machine = machineNamedBy(context, good);
  return machine === undefined ? acceptUser(context, good) : acceptMachine(context, good, machine);
}

async function verifyLocally(context: ProviderContext, token: string): Promise<IntrospectionResult> {
  const result = await verifyBearer(context, token, 'client');
  return result.kind === 'rejected' ? result : { ...result, namesKind: true, namesEnd: true };
}

async function introspect(context: ProviderContext, token: string): Promise<IntrospectionResult> {
  if (saysOtherKind(token)) return rejected('wrong_type', 'the token is of another type');
  const { issuer } = (await context.discovery.metadata()).metadata;
  const response = await introspectionRequest(context, token);
  const { application } = context;
  const result = processIntrospectionResponse(response, { application, issuer, now: context.now() });
  if (result.kind === 'rejected' || typeof result.claims.iss !== 'string') return result;
  return { ...result, claims: { ...result.claims, iss: fileIssuer(context, result.claims.iss) } };
}

/**
 * The client that got the token for itself. A provider may repeat its name where a user's would be.
 * @returns `undefined` for the token of a user
 */
function machineNamedBy({ application }: ProviderContext, { claims }: GoodToken): string | undefined {
  const machine = machineOf(claims);
  if (machine === undefined) return undefined;
  const { username } = userFrom([claims], application.claims);
  return ['', machine, claims.sub].includes(username) ? machine : undefined;
}

/**
 * Attack: "any user" as the rule would let in whoever has a client of the provider, under an empty name, which many
 * applications take for their first user.
 */
async function acceptMachine(context: ProviderContext, good: GoodToken, username: string): Promise<IdentityResult> {
  const { application } = context;
  if (!application.bearer_machines) return rejected('no_user', NO_USER);
  const userinfo = good.namesKind ? undefined : await readUserinfo(context, good.token, good.claims.sub);
  const refusal = userinfo && checkUserinfo(good, userinfo);
  if (refusal) return refusal;
  const sub = good.claims.sub ?? username;
  const user = { ...readUser([{ ...good.claims, sub }], application, context.onLeftOut), username };
  return { kind: 'verified', identity: { ...(await identityOf(context, good)), sub, user } };
}

async function acceptUser(context: ProviderContext, good: GoodToken): Promise<IdentityResult> {
  const isEnough =
    good.namesKind && good.claims.sub !== undefined && !lacksNeededClaim([good.claims], context.application);
  const userinfo = isEnough ? undefined : await readUserinfo(context, good.token, good.claims.sub);
  const refusal = userinfo && checkUserinfo(good, userinfo);
  if (refusal) return refusal;
  if (userinfo) reportUserinfo(context, userinfo);
  const more: Claims & { sub?: string } = userinfo?.kind === 'response' ? userinfo.claims : {};
  const sources: Sources = [dropUndefined(good.claims), more];
  reportElsewhere(sources, context.application, context.onLeftOut);
  const user = readUser(sources, context.application, context.onLeftOut);
  const sub = good.claims.sub ?? more.sub;
  const completed = { ...good, namesKind: true, claims: { ...mergeClaims(sources), sub, exp: good.claims.exp } };
  // Userinfo may say that the subject is the client.
  const machine = machineNamedBy(context, completed);
  if (machine !== undefined) return acceptMachine(context, completed, machine);
  if (sub !== undefined && user.username !== '')
    return { kind: 'verified', identity: { ...(await identityOf(context, good)), sub, user } };
  if (userinfo?.kind === 'unavailable') throw userinfo.error;
  return rejected('no_user', NO_USER);
}

const dropUndefined = ({ sub, ...claims }: GoodToken['claims']): Claims => ({
  ...claims,
  ...(sub !== undefined && { sub }),
});

/**
 * Attack: a refresh token looks the same as an access token to many providers' introspection, but userinfo takes an
 * access token alone (OpenID Connect Core section 5.3.1). And where the two endpoints name two users, neither counts.
 * @throws ProviderUnavailable where userinfo has to say what the token is, and cannot be asked
 */
function checkUserinfo({ namesKind, isIntrospected }: GoodToken, userinfo: UserinfoResult): Rejection | undefined {
  if (isIntrospected && userinfo.kind === 'rejected' && userinfo.reason === 'wrong_user') return userinfo;
  if (namesKind || userinfo.kind === 'response') return undefined;
  if (userinfo.kind === 'unavailable') throw userinfo.error;
  return rejected(
    'wrong_type',
    'nothing says that the token is an access token: userinfo does not take it',
    userinfo.kind === 'rejected' ? userinfo.cause : undefined,
  );
}

async function identityOf(
  context: ProviderContext,
  { token, claims, namesEnd }: GoodToken,
): Promise<Omit<Identity, 'sub' | 'user'>> {
  const { issuer } = (await context.discovery.metadata()).metadata;
  return {
    issuer: typeof claims.iss === 'string' ? claims.iss : issuer,
    sid: typeof claims.sid === 'string' ? claims.sid : undefined,
    jwt: token,
    idToken: '',
    expiresAt: claims.exp * 1000,
    issuedAt: typeof claims.iat === 'number' ? claims.iat * 1000 : undefined,
    accessToken: namesEnd ? undefined : { value: token, expiresAt: undefined },
  };
}
