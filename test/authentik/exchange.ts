/** One request from its arrival to its answer: counted, judged, spoiled where a fault says so, answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerApi, judgeApi } from './api/api.ts';
import { type Call, html, type Reply, readCall, type Vantage } from './call.ts';
import { type Fault, Faults, spoil, standIn, write } from './faults.ts';
import type { Keys } from './oidc/keys.ts';
import { answerOidc, judgeOidc, oidcEndpoint } from './oidc/routes.ts';
import type { Endpoint } from './options.ts';
import type { Session } from './rows.ts';
import type { World } from './world.ts';

/** Answers in the server's place; `undefined` leaves it to the server. */
export type Stand = (call: Call) => Reply | undefined | Promise<Reply | undefined>;

const API = '/api/v3';
const API_ENDPOINTS: readonly [RegExp, Endpoint][] = [
  [/^\/outposts\/instances\/$/, 'instances'],
  [/^\/outposts\/proxy\/$/, 'proxy'],
  [/^\/outposts\/instances\/[^/]+\/health\/$/, 'health'],
  [/^\/events\/events\/$/, 'events'],
  [/^\/root\/config\/$/, 'config'],
  [/^\/crypto\/certificatekeypairs\//, 'certificate'],
];

export class Exchange {
  readonly requests: (Call & { endpoint: Endpoint; atMs: number })[] = [];
  readonly counts = new Map<Endpoint, number>();
  readonly faults = new Faults<Endpoint | 'api' | 'oidc' | 'all'>();
  readonly stands = new Map<Endpoint, Stand>();
  readonly #world: World;
  readonly #keys: Keys;
  readonly #vantage: Vantage;
  readonly #end: (session: Session) => void;

  constructor(world: World, keys: Keys, vantage: Vantage, end: (session: Session) => void) {
    this.#world = world;
    this.#keys = keys;
    this.#vantage = vantage;
    this.#end = end;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => response.destroy());
    try {
      const call = await readCall(request, this.#vantage);
      if (!call) return this.#outside(request, response);
      const { reply, fault } = await this.#answer(call);
      write(response, reply, fault);
    } catch (error) {
      // A client that goes away in the middle of its request has not asked.
      if (request.destroyed && !request.complete) return;
      this.#world.violations.add(`the double broke: ${error instanceof Error ? error.stack : error}`);
      response.writeHead(500).end();
    }
  }

  async #answer(call: Call): Promise<{ reply: Reply; fault: Fault | undefined }> {
    const apiPath = call.path.startsWith(`${API}/`) ? call.path.slice(API.length) : undefined;
    const oidc = oidcEndpoint(call.path);
    const endpoint = apiPath === undefined ? (oidc?.endpoint ?? elsewhere(call.path)) : apiEndpoint(apiPath);
    this.#count(endpoint);
    this.requests.push({ ...call, endpoint, atMs: Date.now() });
    const operation = apiPath === undefined ? undefined : judgeApi(this.#world, call, apiPath);
    if (oidc) judgeOidc(this.#world, call, oidc.endpoint);
    if (endpoint === 'other') this.#world.violations.add(`${call.method} ${call.path}: no such path`);

    const group = apiPath === undefined ? (oidc ? (['oidc'] as const) : []) : (['api'] as const);
    const fault = this.faults.take([endpoint, ...group, 'all'], call);
    const instead = (fault && standIn(fault)) ?? (await this.stands.get(endpoint)?.(call));
    if (instead) return { reply: instead, fault };
    const right =
      apiPath !== undefined
        ? answerApi(this.#world, fault === 'next_grows' ? firstPage(call) : call, apiPath, operation)
        : oidc
          ? await answerOidc(this.#world, this.#keys, call, oidc, this.#end)
          : html(404, '<h1>Not Found</h1>');
    return { reply: spoil(right, fault, call), fault };
  }

  #outside(request: IncomingMessage, response: ServerResponse): void {
    this.#count('outside');
    this.#world.violations.add(`${request.method} ${request.url}: outside of authentik's path`);
    response.writeHead(404).end();
  }

  #count(endpoint: Endpoint): void {
    this.counts.set(endpoint, (this.counts.get(endpoint) ?? 0) + 1);
  }
}

const apiEndpoint = (path: string): Endpoint => API_ENDPOINTS.find(([pattern]) => pattern.test(path))?.[1] ?? 'other';
/** Browsers ask for the icon by themselves. */
const elsewhere = (path: string): Endpoint => (path === '/favicon.ico' ? 'favicon' : 'other');

/** A list without an end begins anew with each page. */
const firstPage = (call: Call): Call => ({ ...call, query: new URLSearchParams('page=1&page_size=100') });
