/** A load balancer that ends TLS, as the proxy behind it sees one: plain http with two headers, and a client's own between them. */
import { type Answer, ask, type Question } from './ask.ts';

/** The address of the client that the balancer sees. */
export const seenFrom = '198.51.100.7';

/** It sets the scheme and appends the client's address; every other header of a client goes on as it is, as with most of them. */
export function askBalancer(port: number, question: Question, client = seenFrom): Promise<Answer> {
  const headers = question.headers ?? [];
  const named = (name: string) => headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  const others = headers.filter(([key]) => !['x-forwarded-for', 'x-forwarded-proto'].includes(key.toLowerCase()));
  const addresses = [...named('x-forwarded-for'), client].join(', ');
  const more: [string, string][] = [
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-For', addresses],
  ];
  return ask(port, { ...question, headers: [...others, ...more] });
}
