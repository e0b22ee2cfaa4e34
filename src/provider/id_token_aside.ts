/**
 * Keeps openid-client from checking ID tokens. It knows one issuer and no further audience, and does not verify the
 * signature; Gatepost verifies each ID token itself, and whole (`id_token.ts`). So the token travels past the library
 * under a name that this does not know.
 */
import { readLimited } from '../http/read_limited.ts';
import { isNonEmptyString, isObject } from '../json.ts';

const ASIDE = 'gatepost:id_token';

/** Of a token response: 1 MiB. */
const MAX_RESPONSE_BYTES = 1_048_576;

/** A response of the token endpoint, with its ID token under the other name. */
export async function setIdTokenAside(response: Response): Promise<Response> {
  if (response.status !== 200 || response.body === null) return response;
  const text = await readLimited(response.body, MAX_RESPONSE_BYTES);
  if (text === undefined) throw new Error('the response of the token endpoint is too long');
  const { status, headers } = response;
  return new Response(renamed(text), { status, headers });
}

function renamed(text: string): string {
  try {
    const body: unknown = JSON.parse(text);
    if (!isObject(body) || !isNonEmptyString(body.id_token)) return text;
    const { id_token, ...rest } = body;
    return JSON.stringify({ ...rest, [ASIDE]: id_token });
  } catch {
    return text;
  }
}

/** Gives the ID token its name back, in place. */
export function restoreIdToken<T>(response: T): T {
  if (!isObject(response) || !isNonEmptyString(response[ASIDE])) return response;
  Reflect.set(response, 'id_token', response[ASIDE]);
  Reflect.deleteProperty(response, ASIDE);
  return response;
}
