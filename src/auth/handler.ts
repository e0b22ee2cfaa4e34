/**
 * `/auth/*`, one auth request from the socket to the response, in five steps:
 *
 *     1 parse         dialects/<proxy>.ts          the proxy's request   -> AuthRequest       pure
 *     2 match         auth/authorizer.ts           host, path            -> application, rules pure
 *     3 authenticate  auth/authenticate.ts         cookie, Authorization -> Authentication    the only I/O
 *     4 authorize     decision/authorize.ts        rules, Authentication -> Decision          pure; every allow, every denial
 *     5 respond       responses/render.ts          Decision              -> status, headers, body
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApplicationIndex } from '../access/application_index.ts';
import { areToldApart } from '../access/told_apart.ts';
import { batchPerTick } from '../async/batch.ts';
import type { Awaitable } from '../async/maybe_async.ts';
import type { Application } from '../decision/application.ts';
import { denyPeer, HEADERS_TOO_LARGE, invalidRequest, URI_TOO_LONG, unavailable } from '../decision/authorize.ts';
import type { Decision, HeadersTooLarge, InvalidRequest, UriTooLong } from '../decision/decision.ts';
import type { AuthRequest } from '../decision/request.ts';
import type { ParseOptions } from '../dialects/dialect.ts';
import { type AuthTarget, findDialect } from '../dialects/index.ts';
import { isRepeated, singleHeader } from '../http/headers.ts';
import { clientAddress, type Networks } from '../http/ip.ts';
import { requestId } from '../http/request_id.ts';
import { noRedirectInQuery } from '../http/request_kind.ts';
import { ProxyRequest } from '../http/unread_request.ts';
import { sendWhole } from '../http/whole_response.ts';
import type { Events } from '../observe/events.ts';
import type { Probes } from '../probe/probes.ts';
import type { ProbeToken } from '../probe/token.ts';
import type { Render } from '../responses/render.ts';
import type { Symptoms } from '../symptoms/index.ts';
import type { Authorizer } from './authorizer.ts';
import { createDecisionLog, type RequestInfo } from './decision_log.ts';
import { reportProbe, withProbe } from './probe.ts';
import type { RefusalNote } from './refusal_note.ts';
import type { TrustedPeer } from './trusted_peer.ts';

export interface AuthHandlerOptions {
  authorizer: Authorizer;
  render: Render;
  index: Pick<ApplicationIndex<Application>, 'find' | 'addressesOf' | 'areDifferent'>;
  trustedPeer: TrustedPeer;
  /** Whose entries in `X-Forwarded-For` are those of proxies (config/trusted_proxies.ts). */
  listedProxies: Networks;
  nginxMethodHeader: string | undefined;
  /** Hear of each request after its response. */
  symptoms: Pick<Symptoms, 'asked'>;
  /** The requests of `gatepost doctor`. */
  probes: Probes;
  events: Events;
  logQuery: boolean;
  /** Hears of each refusal of a user who is known. */
  noteRefusal: RefusalNote;
}

/** Responds to a proxy's auth request; `false`: the request is none, and was not touched. */
export type AuthHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

interface Arrival {
  req: IncomingMessage;
  res: ServerResponse;
  info: RequestInfo;
  /** Where `gatepost doctor` sent it. */
  probe: ProbeToken | undefined;
}

export function createAuthHandler(options: AuthHandlerOptions): AuthHandler {
  const { authorizer, render, trustedPeer, probes, noteRefusal } = options;
  const logDecision = createDecisionLog(options);
  const parseAuthRequest = createParser(options);

  const respond = (arrival: Arrival, request: AuthRequest | undefined, decision: Decision): void => {
    const { req, res, info } = arrival;
    const { capabilities, name: dialect } = info.target.dialect;
    const whole = render(decision, { request, capabilities, requestId: info.requestId });
    const { status } = whole;
    sendWhole(res, whole);
    logDecision(info, request, decision, status);
    if (request && decision.kind === 'forbid') noteRefusal(request, decision);
    if (arrival.probe === undefined) return;
    const { address: peer } = trustedPeer.of(req.socket);
    reportProbe(probes, arrival, { dialect, peer, request, decision, status });
  };

  const decide = (arrival: Arrival): Awaitable<void> => {
    const peer = trustedPeer.of(arrival.req.socket);
    // Attack: a client that reaches this port past the proxy would choose the forwarded URL, and with it the rules.
    if (!peer.trusted) {
      // Attack: a line of the log under the id of somebody else's request.
      arrival.info.requestId = requestId(undefined);
      arrival.info.headers = {};
      return respond(arrival, undefined, denyPeer(peer.address));
    }
    const request = parseAuthRequest(arrival.req, arrival.info.target);
    if ('kind' in request) return respond(arrival, undefined, request);
    if (arrival.probe?.purpose === 'pass') request.probe = arrival.probe.padding;
    const decision = authorizer.check(request);
    if (!(decision instanceof Promise)) return respond(arrival, request, decision);
    return decision.then((late) => respond(arrival, request, late));
  };
  const handle = withProbe(probes, decide);

  // Fail closed: any error while parsing or rendering is a 500, which no proxy takes for an allow.
  const handleFailClosed = (arrival: Arrival): void => {
    const fail = (cause: unknown) => {
      if (arrival.res.headersSent) return void arrival.res.destroy();
      respond(arrival, undefined, unavailable(cause));
    };
    try {
      handle(arrival)
        ?.catch(fail)
        .catch(() => arrival.res.destroy());
    } catch (cause) {
      fail(cause);
    }
  };
  const handleInBatch = batchPerTick(handleFailClosed, ({ res }) => void res.destroy());

  return (req, res) => {
    const target = findDialect(req.url as string);
    if (!target) return false;
    if (req instanceof ProxyRequest) req.leaveUnread();
    const id = requestId(req.headers['x-request-id']);
    const info = { requestId: id, target, headers: req.headers, startedAt: performance.now() };
    handleInBatch({ req, res, info, probe: undefined });
    return true;
  };
}

/**
 * Names and values alternate. Attack: Node silently drops headers after the first 1,000, among them those that the
 * proxy appended after the client's, and a second `Host` or `Authorization`.
 */
const MAX_RAW_HEADERS = 2000;
/**
 * `Cookie` and `Authorization` together, in characters: a yes carries them back, beside a token and the groups, and nginx and HAProxy
 * read no more than 64 KiB of a response. They would answer 500, which looks like the operator's mistake.
 */
const MAX_ECHOED_CHARS = 40 * 1024;

const isTooLarge = ({ headers, rawHeaders }: IncomingMessage): boolean =>
  rawHeaders.length >= MAX_RAW_HEADERS ||
  (headers.cookie?.length ?? 0) + (headers.authorization?.length ?? 0) > MAX_ECHOED_CHARS;

function createParser({ nginxMethodHeader, index, listedProxies }: AuthHandlerOptions) {
  const parseOptions: ParseOptions = {
    nginxMethodHeader: nginxMethodHeader?.toLowerCase(),
    schemeOf: (host) => index.find(host)?.scheme ?? 'https',
    areDifferent: index.areDifferent,
    areToldApart(host, url) {
      const application = index.find(url.host);
      const isKnown = index.find(host) !== undefined || index.addressesOf(host).length > 0;
      return application !== undefined && isKnown && areToldApart(application.rules, url, host);
    },
  };
  return (
    incoming: IncomingMessage,
    { dialect, rest, query }: AuthTarget,
  ): AuthRequest | InvalidRequest | UriTooLong | HeadersTooLarge => {
    if (isTooLarge(incoming)) return HEADERS_TOO_LARGE;
    const { headers, rawHeaders } = incoming;
    const proxyRequest = { method: incoming.method as string, headers, rawHeaders };
    const parsed = dialect.parse(proxyRequest, rest, parseOptions);
    if ('kind' in parsed) return parsed.tooLong ? URI_TOO_LONG : invalidRequest(`${parsed.header} ${parsed.problem}`);
    return {
      url: parsed.url,
      method: parsed.method,
      clientAddress: clientAddress(singleHeader(proxyRequest, 'x-forwarded-for'), listedProxies),
      headers,
      authorization: headers.authorization,
      authorizationRepeated: headers.authorization !== undefined && isRepeated(proxyRequest, 'authorization'),
      noRedirect: noRedirectInQuery(query),
    };
  };
}
