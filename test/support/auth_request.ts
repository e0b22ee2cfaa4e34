/** An auth request of a browser without credentials, for tests that need no server. */
import type { AuthRequest } from '../../src/decision/request.ts';
import { requestUrl } from '../../src/http/url.ts';

/** @param target path and query on `app.example.com` */
export function makeRequest(fields: Partial<AuthRequest> = {}, target = '/'): AuthRequest {
  const url = requestUrl('https', 'app.example.com', target);
  if ('problem' in url) throw new Error(url.problem);
  return {
    url,
    method: 'GET',
    clientAddress: undefined,
    headers: {},
    authorization: undefined,
    authorizationRepeated: false,
    ...fields,
  };
}
