/** What the client asked the proxy for: plain data, the same for every proxy, and nothing about the proxy itself. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Challenge } from '../http/request_kind.ts';
import type { RequestUrl } from '../http/url.ts';

export interface AuthRequest {
  url: RequestUrl;
  /** The client's method; `undefined` where nothing trustworthy names it. */
  method: string | undefined;
  /** The client's address in canonical text; `undefined` where nothing readable names it. */
  clientAddress: string | undefined;
  /** The client's headers as `node:http` gives them. */
  headers: IncomingHttpHeaders;
  /** The client's `Authorization`; `undefined` where absent. */
  authorization: string | undefined;
  /** `Authorization` is there more than once: the application might take another one than Gatepost. */
  authorizationRepeated: boolean;
  /** The challenge that the auth endpoint's own URL asks for in place of a redirect; absent: none. */
  noRedirect?: false | Challenge;
  /** Of `gatepost doctor`, which may pass at `PROBE_PATH`: how many characters the token in the yes has. */
  probe?: number;
}
