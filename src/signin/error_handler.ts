/**
 * The one place where an error at a sign-in endpoint becomes a response and an event. Fail closed: no error signs a
 * user in.
 */
import { startUrl } from '../endpoints.ts';
import { causeOf, GatepostError, NotKnownYet, ProviderUnavailable, StoreUnavailable } from '../errors.ts';
import {
  clientRejectedPage,
  internalErrorPage,
  notKnownYetPage,
  providerUnavailablePage,
  storeUnavailablePage,
} from '../pages/errors.ts';
import { ClientRejected } from '../provider/index.ts';
import { REASONS } from '../reasons.ts';
import type { EndpointRequest, Outcome, SigninContext } from './context.ts';
import { respondWithJson, respondWithPage } from './respond.ts';

/** What reads the response: a user, or the provider's program. */
export type ErrorFormat = 'page' | 'json';

export function handleError(
  context: SigninContext,
  request: EndpointRequest,
  error: unknown,
  format: ErrorFormat,
): Outcome {
  const { ctx } = request;
  const page = errorPage(request, error);
  const { reason } = page;
  const { status, text } = REASONS[reason];
  const detail = error instanceof GatepostError ? causeOf(error) : undefined;
  const outcome =
    format === 'json'
      ? respondWithJson(ctx, { status, reason, error: reason, description: text }, 'unavailable', detail)
      : respondWithPage(request, page, reason, detail);
  if (reason !== 'internal_error') return outcome;
  const { method, path } = ctx;
  const application = request.application?.slug;
  const message = `${method} ${path}`;
  context.events.emit('log', { level: 'error', event: 'signin.error', message, application, error });
  return { ...outcome, outcome: 'error' };
}

function errorPage({ application, returnTo }: EndpointRequest, error: unknown) {
  if (error instanceof StoreUnavailable) return storeUnavailablePage(application);
  if (error instanceof NotKnownYet) return notKnownYetPage();
  if (error instanceof ProviderUnavailable && application) {
    const to = startUrl(application, returnTo ?? `${application.external_host}/`);
    return error instanceof ClientRejected
      ? clientRejectedPage(application, to, error.error)
      : providerUnavailablePage(application, to);
  }
  return internalErrorPage();
}
