/** `/auth/*`: reads a proxy's question, has it decided, gives the answer in the proxy's words and tells the log. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApplicationIndex } from '../access/application_index.ts';
import { batchPerTick } from '../async/batch.ts';
import type { Application } from '../decision/application.ts';
import type { Decision } from '../decision/decision.ts';
import type { AuthRequest, ParseOptions } from '../dialects/dialect.ts';
import { findDialect } from '../dialects/index.ts';
import { isRepeated, singleHeader } from '../http/headers.ts';
import { clientAddress, type Networks } from '../http/ip.ts';
import { requestId } from '../http/request_id.ts';
import { noRedirectInQuery } from '../http/request_kind.ts';
import type { Events } from '../observe/events.ts';
import type { Render } from '../responses/render.ts';
import type { Authorizer } from './authorizer.ts';
import { createDecisionLog, type DecisionLog } from './decision_log.ts';
import type { Peer } from './trusted_peer.ts';

export interface AuthHandlerOptions {
  authenticator: Authorizer;
  answer: Render;
  hosts: Pick<ApplicationIndex<Application>, 'find'>;
  peers: (socket: IncomingMessage['socket']) => Peer;
  trusted: Networks;
  nginxMethodHeader: string | undefined;
  events: Events;
  logQuery: boolean;
}

type Target = NonNullable<ReturnType<typeof findDialect>>;

/** Answers a request that is a proxy's question; `false`: it is none, and was not touched. */
export type AuthHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

export function createAuthHandler(options: AuthHandlerOptions): AuthHandler {
  const { authenticator, answer, peers, events } = options;
  const readOptions: ParseOptions = {
    nginxMethodHeader: options.nginxMethodHeader?.toLowerCase(),
    schemeOf: (host) => options.hosts.find(host.replace(/:(?:80|443)$/, ''))?.scheme ?? 'https',
  };
  const tell: DecisionLog = createDecisionLog(events, options.logQuery);

  const respond = (
    response: ServerResponse,
    request: AuthRequest | undefined,
    decision: Decision,
    info: RequestInfo,
  ) => {
    const { status, headers, body } = answer(request, decision, info.id);
    response.writeHead(status, headers as string[]);
    response.end(body);
    tell(info, request, decision, status);
  };

  const check = (
    req: IncomingMessage,
    res: ServerResponse,
    target: Target,
    info: RequestInfo,
  ): void | Promise<void> => {
    const peer = peers(req.socket);
    // Attack: whoever reaches this port past the proxy would choose the forwarded URL, and with it the rules.
    if (!peer.trusted) {
      const message = `${peer.address} is not in trusted_proxies`;
      return respond(res, undefined, { kind: 'forbid', reason: 'untrusted_peer', message }, info);
    }
    const request = parseAuthRequest(req, target, peer, options.trusted, readOptions);
    if (request.kind === 'invalid_request') return respond(res, undefined, request, info);
    const decision = authenticator.check(request);
    if (!(decision instanceof Promise)) return respond(res, request, decision, info);
    return decision.then((late) => respond(res, request, late, info));
  };

  const answerOne = ({ req, res, target, info }: Arrival) => {
    // Fail closed: whatever is thrown while a question is read or an answer is made is a 500, which no proxy takes for a yes.
    const fail = (cause: unknown) => {
      if (res.headersSent) return void res.destroy();
      respond(res, undefined, { kind: 'unavailable', reason: 'internal_error', cause }, info);
    };
    try {
      check(req, res, target, info)
        ?.catch(fail)
        .catch(() => res.destroy());
    } catch (cause) {
      fail(cause);
    }
  };
  const answerWithOthers = batchPerTick(answerOne, ({ res }) => void res.destroy());

  return (req, res) => {
    const target = findDialect(req.url as string);
    if (!target) return false;
    const id = requestId(req.headers['x-request-id']);
    answerWithOthers({ req, res, target, info: { id, dialect: target.dialect.name, startedAt: performance.now() } });
    return true;
  };
}

interface Arrival {
  req: IncomingMessage;
  res: ServerResponse;
  target: Target;
  info: RequestInfo;
}

export interface RequestInfo {
  id: string;
  dialect: string;
  /** `performance.now()` at the arrival. */
  startedAt: number;
}

/**
 * Names and values in turn. Attack: proxies and servers read a thousand headers and drop the others without a word, among them what
 * the last proxy has put behind the client's, and a second `Host` or `Authorization`.
 */
const MAX_RAW_HEADERS = 2000;

function parseAuthRequest(
  request: IncomingMessage,
  target: Target,
  peer: Peer,
  trusted: Networks,
  options: ParseOptions,
): AuthRequest | Extract<Decision, { kind: 'invalid_request' }> {
  const { headers, rawHeaders } = request;
  if (rawHeaders.length >= MAX_RAW_HEADERS)
    return { kind: 'invalid_request', message: 'the request has too many headers' };
  const info = { method: request.method as string, url: request.url as string, headers, rawHeaders };
  const reading = target.dialect.parse(info, target.rest, options);
  if ('kind' in reading) return { kind: 'invalid_request', message: `${reading.header} ${reading.problem}` };
  return {
    kind: 'question',
    url: reading.url,
    method: reading.method,
    client: clientAddress(singleHeader(info, 'x-forwarded-for'), trusted),
    peer: peer.address,
    headers,
    authorization: headers.authorization,
    authorizationRepeated: headers.authorization !== undefined && isRepeated(info, 'authorization'),
    noRedirect: noRedirectInQuery(target.query),
    redirects: target.dialect.redirects,
    removal: target.dialect.removal,
  };
}
