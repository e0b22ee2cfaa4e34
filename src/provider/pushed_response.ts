/** Responses to pushed authorization requests as providers write them, in the spelling that openid-client reads. */
import { readLimited } from '../http/read_limited.ts';
import { isNonEmptyString, isObject } from '../json.ts';

/** Of a response: 64 KiB. */
const MAX_RESPONSE_BYTES = 65_536;

/** The browser uses the `request_uri` at once: how long it lives is the provider's business. */
const UNKNOWN_LIFE = 60;

/**
 * RFC 9126 section 2.2 asks for the status 201 and `expires_in`. Some providers answer 200, or leave out a life that no
 * client needs: the `request_uri` is good all the same. Any other response stays as it is.
 * @throws Error where the response is too long
 */
export async function readablePushedResponse(response: Response): Promise<Response> {
  if (response.body === null || ![200, 201].includes(response.status)) return response;
  const text = await readLimited(response.body, MAX_RESPONSE_BYTES);
  if (text === undefined) throw new Error('the response to a pushed authorization request is longer than 64 KiB');
  const json = parse(text);
  const headers = { 'content-type': response.headers.get('content-type') ?? '' };
  if (!isObject(json) || !isNonEmptyString(json.request_uri)) {
    return new Response(text, { status: response.status, headers });
  }
  const body = { request_uri: json.request_uri, expires_in: UNKNOWN_LIFE };
  return new Response(JSON.stringify(body), { status: 201, headers: { 'content-type': 'application/json' } });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
