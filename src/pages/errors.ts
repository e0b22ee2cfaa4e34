/** The pages of faults: the provider, the store, the host or Gatepost itself. */
import type { Reason } from '../reasons.ts';
import type { PageContent } from './layout.ts';
import { type PageApplication, startLink } from './login.ts';

export type ErrorPage = PageContent & { reason: Reason };

export function providerUnavailablePage(application: PageApplication, returnTo: string): ErrorPage {
  return {
    reason: 'provider_unavailable',
    title: 'Login is not possible right now',
    paragraphs: [`The login provider of ${application.name} cannot be reached. Please try again in a moment.`],
    links: [startLink(application, returnTo)],
  };
}

/** The provider rejects this client. Retrying does not help; an administrator must fix the configuration. */
/** @param error the code that the provider answered with, one of RFC 6749 section 5.2 */
export function clientRejectedPage(application: PageApplication, returnTo: string, error: string): ErrorPage {
  return {
    ...providerUnavailablePage(application, returnTo),
    code: 'client_refused',
    paragraphs: [
      `The login provider rejects the client that is configured for ${application.name}. Retrying does not help; an administrator must fix the configuration.`,
      `For administrators: the provider answered ${error}; the log has the rest.`,
    ],
  };
}

export function storeUnavailablePage(application: PageApplication | undefined): ErrorPage {
  return {
    reason: 'store_unavailable',
    title: 'Login is not possible right now',
    paragraphs: [
      `The sessions of ${application?.name ?? 'this site'} cannot be reached. You have not been signed out. Please try again in a moment.`,
    ],
  };
}

/**
 * @param host in the form in which hosts are compared; empty where the request has none
 * @param known configured addresses of the same host name, with another port
 */
export function unknownHostPage(host: string, known: readonly string[]): ErrorPage {
  return {
    reason: 'unknown_host',
    title: 'Unknown site',
    paragraphs: [
      `No application is configured for the host ${host || '(none)'}.`,
      ...(known.length > 0 ? [`Known under this name: ${known.join(', ')}`] : []),
      'For administrators: external_host (with its port, unless it is the default port) or cookie_domain must name it.',
    ],
  };
}

export function internalErrorPage(): ErrorPage {
  return {
    reason: 'internal_error',
    title: 'Something went wrong',
    paragraphs: [
      'This is an error of this server. Please try again. If it happens again, give your administrator the request ID below.',
    ],
  };
}
