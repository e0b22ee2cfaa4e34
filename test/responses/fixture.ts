import type { AuthRequest } from '../../src/decision/request.ts';
import { requestUrl } from '../../src/http/url.ts';
import type { RenderOptions } from '../../src/responses/response.ts';

export function makeRequest(fields: Partial<AuthRequest> = {}): AuthRequest {
  const url = requestUrl('https', 'app.example.com', '/');
  if ('problem' in url) throw new Error(url.problem);
  return {
    url,
    method: 'GET',
    clientAddress: undefined,
    peerAddress: '127.0.0.1',
    headers: {},
    authorization: undefined,
    authorizationRepeated: false,
    ...fields,
  };
}

export function renderOptions(options: Partial<RenderOptions> = {}): RenderOptions {
  const page = () => ({ headers: [], body: '' });
  return {
    outpost: 'gatepost',
    jwksUri: () => '',
    deniedPage: page,
    unknownHostPage: page,
    onRefusedHeader() {},
    now: () => 0,
    ...options,
  };
}
