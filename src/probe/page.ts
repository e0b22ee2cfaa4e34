/** The answer of Gatepost's own pages to a probe: what arrived, sealed. No page is opened, and nobody is signed out. */
import type { RequestListener } from 'node:http';
import type { Probes } from './probes.ts';
import { arrivedFrom } from './report.ts';

/**
 * Handles a request that is a probe; every other one goes to `next`.
 * Attack: somebody without the secret sends the header to learn about the inside, or about other requests. It does not
 * open, so the answer is that without it; and of a token that was overheard the answer is sealed.
 */
export function withProbePage(probes: Pick<Probes, 'open' | 'answer'>, next: RequestListener): RequestListener {
  return (request, response) => {
    const probe = probes.open(request.headers);
    if (probe?.purpose !== 'page') return next(request, response);
    probes.answer(probe, arrivedFrom(request, request.socket.remoteAddress ?? '')).then(
      (text) => {
        response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' });
        response.end(text);
      },
      () => response.destroy(),
    );
  };
}
