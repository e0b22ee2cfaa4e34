/** Reads what authentik's API answers, within bounds. */
import type { Dispatcher } from 'undici';
import { readBytes } from '../http/read_limited.ts';
import { type ApiAnswer, notUnderstood } from './api_error.ts';

/** A page of 100 providers has some 200 KiB. */
const MAX_ANSWER_BYTES = 8_388_608;

/** Of an answer that says why not. */
const MAX_REFUSAL_BYTES = 65_536;

export const isSuccess = (status: number) => status === 200 || status === 201;

/** @throws AuthentikApiError where it is too long, or no text; an error of the network as it came */
export async function readAnswer(url: string, response: Dispatcher.ResponseData): Promise<ApiAnswer> {
  const { statusCode: status, headers } = response;
  const isGood = isSuccess(status);
  const head = {
    url,
    status,
    retryAfter: single(headers['retry-after']),
    location: status >= 300 && status < 400 ? single(headers.location) : undefined,
    body: '',
  };
  const { bytes, isWhole } = await readBytes(response.body, isGood ? MAX_ANSWER_BYTES : MAX_REFUSAL_BYTES);
  if (isGood && !isWhole) throw notUnderstood(head, `more than ${MAX_ANSWER_BYTES} bytes`);
  const body = decode(bytes, isGood);
  if (body === undefined) throw notUnderstood(head, 'no UTF-8');
  return { ...head, body };
}

const single = (value: string | string[] | undefined) => (Array.isArray(value) ? value[0] : value);

function decode(bytes: Uint8Array, isStrict: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: isStrict }).decode(bytes);
  } catch {
    return undefined;
  }
}
