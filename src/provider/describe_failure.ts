/**
 * What a failed request or check is about, in one line for the log: the claim, parameter or algorithm, what came and
 * what was expected, the status and media type of a response, the network's own error. Pure.
 */
import { loggedMessage } from '../errors.ts';
import { isObject, member } from '../json.ts';

/** What a token is compared with; jose does not say it in its errors. */
export interface Expectations {
  /** By claim. */
  claims?: Record<string, unknown>;
  /** The JOSE header of the token. */
  header?: { alg?: unknown; kid?: unknown } | undefined;
}

/**
 * Members that may stand in the log.
 * Attack: a nonce, a code or a token that a check has refused would be of use to a reader of the log.
 */
const SHOWN = new Set(['iss', 'tid', 'aud', 'azp', 'exp', 'nbf', 'iat', 'auth_time', 'issuer']);

/** Compared with the clock, in seconds. */
const TIMES = new Set(['exp', 'nbf', 'iat', 'auth_time']);

const MAX_CAUSES = 5;
const MAX_VALUE_CHARS = 200;

/** A value of somebody else's in the log: short, and in JSON, so that its end is seen. */
export function quoted(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > MAX_VALUE_CHARS ? `${text.slice(0, MAX_VALUE_CHARS)}…` : text;
}

/** `iss is "https://a", expected "https://b"`; of a member that may be secret whether it is there alone. */
export function describeMember(name: string, received: unknown, expected?: unknown): string {
  if (!SHOWN.has(name)) return `${name} is ${received === undefined ? 'missing' : 'another one'}`;
  const wanted = expected === undefined ? '' : `, ${TIMES.has(name) ? 'now is' : 'expected'} ${quoted(expected)}`;
  return `${name} is ${quoted(received)}${wanted}`;
}

/** @param supported what the discovery document lists */
export function describeUnlistedAlgorithm(alg: unknown, supported: unknown): string {
  const list = `${quoted(supported)} (id_token_signing_alg_values_supported of its discovery document)`;
  return `alg is ${quoted(alg)}, expected one of ${list}: choose one of them for this client at the provider`;
}

/** @param expected of a token that jose has refused */
export function describeFailure(error: Error, expected: Expectations = {}): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth += 1) {
    parts.push(...describeOne(current, expected));
    current = current.cause;
  }
  return [...new Set(parts)].filter((part) => part !== '').join(': ');
}

function describeOne(error: Error, expected: Expectations): string[] {
  const { cause } = error;
  const inner = error instanceof AggregateError ? error.errors.filter((one) => one instanceof Error) : [];
  // openid-client repeats in general words what its cause says.
  const isGeneral = error.name === 'ClientError' && cause instanceof Error;
  const own = isGeneral ? [] : [withCode(error), ...inner.slice(0, 2).map(withCode)];
  return [...own, describeComparison(error, expected)];
}

/** Network errors have a code (`ECONNREFUSED`, `CERT_HAS_EXPIRED`) that not every message repeats. */
function withCode(error: Error): string {
  const code = member(error, 'code');
  const message = loggedMessage(error);
  const isNetwork = typeof code === 'string' && /^(E[A-Z]|UND_ERR|CERT|.*_CERT|.*_SIGNED|UNABLE|HPE)/.test(code);
  const isSaid = !isNetwork || code.startsWith('ERR_J') || message.includes(code);
  return isSaid ? message : `${message} (${code})`.trim();
}

/** What was compared, from the private part of an error of openid-client, or from the expectations. */
function describeComparison(error: Error, { claims = {}, header }: Expectations): string {
  const { cause } = error;
  if (cause instanceof Response) {
    const type = cause.headers.get('content-type') ?? 'none';
    return `status ${cause.status}, content type ${quoted(type)}`;
  }
  // jose has the claim in the error itself.
  const [claim, payload] = [member(error, 'claim'), member(error, 'payload')];
  if (typeof claim === 'string' && isObject(payload)) return describeMember(claim, payload[claim], claims[claim]);
  if (header && /ALG_NOT_ALLOWED|JWKS_NO_MATCHING|SIGNATURE_VERIFICATION|NOT_SUPPORTED/.test(codeOf(error)))
    return `alg ${quoted(header.alg)}, kid ${quoted(header.kid)}`;
  return isObject(cause) && !(cause instanceof Error) ? describePrivatePart(cause) : '';
}

const codeOf = (error: Error) => String(member(error, 'code') ?? '');

function describePrivatePart({
  claim,
  claims,
  expected,
  now,
  header,
  attribute,
  body,
  parameters,
}: Record<string, unknown>): string {
  if (typeof claim === 'string') return describeMember(claim, member(claims, claim), expected ?? now);
  if (isObject(header)) return `alg is ${quoted(header.alg)}, expected one of ${quoted(expected)}`;
  if (typeof attribute === 'string' && body !== undefined)
    return describeMember(attribute, member(body, attribute), expected);
  // Attack: what was expected may be the state.
  return parameters instanceof URLSearchParams
    ? `iss of the callback is ${quoted(parameters.get('iss') ?? undefined)}`
    : '';
}
