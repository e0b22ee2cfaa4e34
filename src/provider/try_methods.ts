/** Sends a request by one method of client authentication, and by another one where the provider refuses the first. */
import { member } from '../json.ts';
import type { ClientAuthMethod } from './client_auth.ts';
import type { ClientResult } from './client_result.ts';
import { ClientRejected } from './map_errors.ts';
import type { MethodOrder } from './method_order.ts';
import { OAuthError } from './oauth_error.ts';
import { isAboutMethod, isInvalidRequest } from './refused_client.ts';

/** Sends the request by a method. */
export type SendBy<T> = (method: ClientAuthMethod) => Promise<ClientResult<T>>;

export interface TryOptions {
  /** In the order in which they are tried. */
  methods: readonly ClientAuthMethod[];
  order: MethodOrder;
  /** Anybody can have this request sent: a second one only where the first surely was about the client. */
  isByAnybody: boolean;
  /** Where the request goes, for the log. */
  place: string;
}

/** What came of one try: a result, or what was thrown. */
type Attempt<T> = { method: ClientAuthMethod } & ({ result: ClientResult<T> } | { error: unknown });

/**
 * Tries two methods at most. A provider authenticates the client before it looks at anything else (RFC 6749 section
 * 3.2.1), so that a code or refresh token is still good after a refusal. Where it is not, the second answer says so, and
 * the next request begins with the second method.
 * Attack: the same code or password, sent twice because something else was wrong with it, would count as two guesses, or
 * end the tokens of the first. So only an answer about the client leads to a second try.
 * @throws what `sendBy` throws; `ClientRejected` with every answer where each method was refused
 */
export async function tryMethods<T>(sendBy: SendBy<T>, options: TryOptions): Promise<ClientResult<T>> {
  const { methods, order, place } = options;
  const [first = 'none', second] = methods;
  const attempt = async (method: ClientAuthMethod): Promise<Attempt<T>> => {
    try {
      return { method, result: await sendBy(method) };
    } catch (error) {
      return { method, error };
    }
  };
  const one = await attempt(first);
  if (!mayBeMethod(one, options)) return settle(one, options);
  if (second === undefined) return isThrown(one) ? rejectClient([one], place) : settle(one, options);
  order.refused(first);
  const two = await attempt(second);
  if (!mayBeMethod(two, options)) return settle(two, options);
  order.refused(second);
  // Where both say that the request is wrong, it is.
  return isThrown(one) || isThrown(two) ? rejectClient([one, two], place) : settle(one, options);
}

function isThrown<T>(attempt: Attempt<T>): attempt is { method: ClientAuthMethod; error: unknown } {
  return 'error' in attempt;
}

/** Whether the answer may be different with another method. */
function mayBeMethod<T>(attempt: Attempt<T>, { order, isByAnybody }: TryOptions): boolean {
  const isProven = order.proven === attempt.method;
  if (!isThrown(attempt)) return !isByAnybody && !isProven && isInvalidRequest(attempt.result);
  if (!isAboutMethod(attempt.error)) return false;
  return !isByAnybody || (!isProven && attempt.error.error === 'invalid_client');
}

function settle<T>(attempt: Attempt<T>, { order, place }: TryOptions): ClientResult<T> {
  if (isThrown(attempt)) {
    if (attempt.error instanceof ClientRejected) return rejectClient([attempt], place);
    throw attempt.error;
  }
  if (attempt.result.kind === 'response') order.accepted(attempt.method);
  return attempt.result;
}

/** One error for all tries; its cause has what the provider said to each. */
function rejectClient<T>(attempts: Attempt<T>[], place: string): never {
  const errors = attempts.flatMap((one) => (isThrown(one) ? [one.error] : []));
  const last = errors.findLast((error) => error instanceof ClientRejected);
  if (!last) throw errors.at(-1);
  const answers = attempts.map((one) => `${wordOf(one)} (${one.method})`).join(', ');
  throw new ClientRejected(last.error, new Error(`${place} refuses this client: ${answers}`, { cause: last.cause }));
}

function wordOf<T>(attempt: Attempt<T>): string {
  const cause = member(isThrown(attempt) ? attempt.error : attempt.result, 'cause');
  if (cause instanceof OAuthError) return cause.said;
  return cause instanceof Error ? cause.message : 'refused';
}
