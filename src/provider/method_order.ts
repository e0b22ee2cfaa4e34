/**
 * Which method of client authentication is tried first at one endpoint. It is learnt for one client alone: what another
 * application's registration says is no help for this one.
 */
import type { ServerMetadata } from 'openid-client';
import type { ApplicationConfig } from '../config/schema/config.ts';
import { type ClientAuthMethod, listedFirst, methodsFor } from './client_auth.ts';
import { type ClientEndpoint, listedFor, rulesOf } from './client_endpoints.ts';

export interface MethodOrder {
  /** The one that has worked, if one has. */
  readonly proven: ClientAuthMethod | undefined;
  /** @param methods the best guess first; it counts where nothing was learnt */
  sort(methods: readonly ClientAuthMethod[]): ClientAuthMethod[];
  accepted(method: ClientAuthMethod): void;
  /** Tried last from now on; where it was proven, it is so no longer. */
  refused(method: ClientAuthMethod): void;
}

export function createMethodOrder(): MethodOrder {
  let proven: ClientAuthMethod | undefined;
  /** The one that was refused last is the last. */
  let back: ClientAuthMethod[] = [];

  /** 0 is the proven one, 1 each of which nothing is known; then come the refused. */
  const rank = (method: ClientAuthMethod) => (method === proven ? 0 : 2 + back.indexOf(method));

  return {
    get proven() {
      return proven;
    },
    sort: (methods) => [...methods].sort((one, other) => rank(one) - rank(other)),
    accepted(method) {
      proven = method;
      back = back.filter((one) => one !== method);
    },
    refused(method) {
      if (proven === method) proven = undefined;
      back = [...back.filter((one) => one !== method), method];
    },
  };
}

/** The orders of one client at all endpoints. */
export function createMethodOrders(application: ApplicationConfig) {
  const orders = new Map<ClientEndpoint, MethodOrder>();

  function at(endpoint: ClientEndpoint): MethodOrder {
    const order = orders.get(rulesOf(endpoint)) ?? createMethodOrder();
    orders.set(rulesOf(endpoint), order);
    return order;
  }

  return {
    at,
    /** What was learnt at the endpoint comes first, then what discovery lists for it, then what the token endpoint took. */
    methodsAt(metadata: ServerMetadata, endpoint: ClientEndpoint): ClientAuthMethod[] {
      const listed = listedFor(metadata, 'token_endpoint', 'auth_methods_supported');
      const atToken = at('token_endpoint').sort(methodsFor(application, listed));
      return at(endpoint).sort(listedFirst(atToken, listedFor(metadata, endpoint, 'auth_methods_supported')));
    },
  };
}

export type MethodOrders = ReturnType<typeof createMethodOrders>;
