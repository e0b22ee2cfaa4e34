/** Exchanges the code of a callback for an identity; what the provider or a check rejects is a value, not an error. */
import { CredentialsRefused } from '../errors.ts';
import type { Identity } from '../identity.ts';
import { CodeRejected } from '../provider/index.ts';
import type { Provider } from '../provider/provider.ts';

export type CodeExchange =
  | { kind: 'verified'; identity: Identity }
  | {
      kind: 'rejected';
      /** `invalid_grant`: the provider does not, or no longer, accept the code (RFC 6749 section 5.2). */
      reason: 'invalid_grant' | 'wrong_time' | 'invalid_response';
      cause: Error;
    };

/**
 * @param url the URL of the callback with its query
 * @throws ProviderUnavailable
 */
export async function exchangeCode(
  provider: Provider,
  url: URL,
  authorizationRequest: Parameters<Provider['exchangeCode']>[1],
): Promise<CodeExchange> {
  try {
    return { kind: 'verified', identity: await provider.exchangeCode(url, authorizationRequest) };
  } catch (error) {
    if (!(error instanceof CredentialsRefused)) throw error;
    const cause = error.cause instanceof Error ? error.cause : error;
    if (error instanceof CodeRejected) return { kind: 'rejected', reason: 'invalid_grant', cause };
    // openid-client's code for an `exp`, `iat` or `nbf` that cannot be: the clock of one of the two is wrong.
    const wrongTime = 'code' in cause && cause.code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED';
    return { kind: 'rejected', reason: wrongTime ? 'wrong_time' : 'invalid_response', cause };
  }
}
