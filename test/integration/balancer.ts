/** A load balancer that terminates TLS, as the proxy behind it sees one: plain http with two headers among the client's own. */
import { type Answer, ask, type ClientRequest } from './ask.ts';

/** The address of the client that the balancer sees. */
export const seenFrom = '198.51.100.7';

/** Sets the scheme and appends the client's address. Like most balancers, it passes every other header on unchanged. */
export function askBalancer(port: number, request: ClientRequest, client = seenFrom): Promise<Answer> {
  const headers = request.headers ?? [];
  const named = (name: string) => headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  const others = headers.filter(([key]) => !['x-forwarded-for', 'x-forwarded-proto'].includes(key.toLowerCase()));
  const addresses = [...named('x-forwarded-for'), client].join(', ');
  const more: [string, string][] = [
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-For', addresses],
  ];
  return ask(port, { ...request, headers: [...others, ...more] });
}
