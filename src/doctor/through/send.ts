/** Sends requests to the public address as a client does: no redirect is followed, and a certificate is looked at apart. */
import { lookup as systemLookup } from 'node:dns';
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { readLimited } from '../../http/read_limited.ts';

export interface Answer {
  /** 0 where none came. */
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Names in the spelling in which they are sent. */
export type Headers = Record<string, string>;

/** A proxy waits 15 s for Gatepost, and Gatepost ten for a provider. */
const ANSWER_MS = 20_000;
const MAX_BODY_BYTES = 1_048_576;

/** `*.localhost` is this machine (RFC 6761 section 6.3), which not every system knows. */
const lookup: LookupFunction = (name, options, callback) => {
  if (!/(?:^|\.)localhost$/i.test(name)) return systemLookup(name, options, callback);
  const all = typeof options === 'object' && options.all === true;
  if (all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

/**
 * @param strict whether the certificate must be trusted
 * @throws Error where no answer comes
 */
export function send(
  url: URL,
  headers: Headers,
  { strict = true, method = 'GET' }: { strict?: boolean; method?: string } = {},
): Promise<Answer> {
  const options: RequestOptions & { rejectUnauthorized: boolean } = {
    method,
    headers: {
      ...(method === 'POST' && { 'Content-Length': '0' }),
      Accept: 'text/html',
      'Accept-Encoding': 'identity',
      'User-Agent': 'gatepost-doctor',
      ...headers,
    },
    agent: false,
    lookup,
    signal: AbortSignal.timeout(ANSWER_MS),
    // What is sent is for the one who can open it: another listener learns nothing.
    rejectUnauthorized: strict,
  };
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    request(url, options, (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      readLimited(response, MAX_BODY_BYTES).then(
        (body) => resolve({ status, headers: answered, body: body ?? '' }),
        reject,
      );
    })
      .on('error', reject)
      .end();
  });
}
