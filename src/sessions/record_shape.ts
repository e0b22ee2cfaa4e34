/** Checks that what a record holds is a session: the store may hold what another version of Gatepost has written. */
import type { User } from '../identity.ts';
import { isObject } from '../json.ts';
import type { Session, SessionStart } from './session.ts';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isTime: Check = (value) => Number.isFinite(value);
const isTextList: Check = (value) => Array.isArray(value) && value.every(isText);
const isOptional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const USER: Record<keyof User, Check> = {
  username: isText,
  groups: isTextList,
  entitlements: isTextList,
  email: isText,
  emailVerified: isOptional((value) => typeof value === 'boolean'),
  name: isText,
  uid: isText,
  attributes: isObject,
  claims: isOptional((value) => isObject(value) && Object.values(value).every(isTextList)),
  headerClaims: isOptional(
    (value) => isObject(value) && Object.values(value).every((claim) => isText(claim) || isTextList(claim)),
  ),
};

const START: Record<keyof SessionStart, Check> = {
  at: isTime,
  address: isOptional(isText),
  device: isOptional(isText),
};

const SESSION: Record<keyof Session, Check> = {
  application: isText,
  configuredIssuer: isText,
  clientId: isText,
  admission: isOptional(isText),
  credential: isOptional(isText),
  issuer: isText,
  sub: isText,
  sid: isOptional(isText),
  user: (value) => hasFields(value, USER),
  jwt: isText,
  idToken: isText,
  refreshToken: isOptional(isText),
  authMethod: (value) => value === 'login' || value === 'basic' || value === 'bearer',
  createdAt: isTime,
  startedBy: isOptional((value) => hasFields(value, START)),
  tokenIssuedAt: isTime,
  tokenExpiresAt: isTime,
  outlivesTokens: isOptional((value) => typeof value === 'boolean'),
  idleMs: isOptional(isTime),
  expiresAt: isTime,
};

function hasFields(value: unknown, fields: Record<string, Check>): boolean {
  return isObject(value) && Object.entries(fields).every(([name, check]) => check(value[name]));
}

export function isSession(value: unknown): value is Session {
  return hasFields(value, SESSION);
}

/** Pairs of a revocation record's key and its generation: there is one at least, or nothing could end the session. */
export function isMarks(value: unknown): value is [key: string, generation: string][] {
  return Array.isArray(value) && value.length > 0 && value.every((mark) => isTextList(mark) && mark.length === 2);
}
