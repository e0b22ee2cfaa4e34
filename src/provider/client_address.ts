/**
 * The address of the client behind a password, told to authentik by an outpost (`outpost.pass_client_ip`): its reputation
 * scores, policies and events then see the visitor and not Gatepost.
 */
import type { AuthentikAccess } from '../config/managed.ts';

/** A form field that is never sent: `vouchForClient` makes headers of it. */
export const CLIENT_ADDRESS = 'gatepost:client_address';

/** What authentik believes the address for. */
export interface Voucher {
  access: Pick<AuthentikAccess, 'origin'>;
  /** The outpost's own token. */
  token: string;
}

/**
 * Takes the form field out of a request, and puts the two headers in its place.
 * Attack: the token opens authentik's API. It goes to AUTHENTIK_HOST itself and nowhere else, whatever address authentik's
 * answers give for the token endpoint.
 */
export function vouchForClient(
  url: string,
  body: URLSearchParams,
  headers: Record<string, string>,
  voucher: Voucher | undefined,
): Record<string, string> {
  const address = body.get(CLIENT_ADDRESS);
  if (address === null) return headers;
  body.delete(CLIENT_ADDRESS);
  if (voucher === undefined || new URL(url).origin !== voucher.access.origin) return headers;
  return { ...headers, 'x-authentik-remote-ip': address, 'x-authentik-outpost-token': voucher.token };
}
