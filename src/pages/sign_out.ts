/** The pages of a sign-out. */
import { endpointPath, endpointUrl } from '../endpoints.ts';
import { type PageApplication, startLink } from './application.ts';
import type { Page } from './content.ts';

/** A request to sign out that may not be the visitor's own wish: nothing has ended yet. */
export function signOutPage(application: PageApplication): Page {
  const { name } = application;
  return {
    content: ({ signOut: { ask }, session }) => ({
      title: ask.title(name),
      blocks: [ask.notYet, ask.what],
      actions: [
        { text: ask.button, action: endpointPath('sign_out'), leadsAway: true },
        { text: session.link, href: endpointUrl(application, 'session') },
      ],
    }),
  };
}

/** @param atProvider whether the user may still have a session at the provider */
export function signedOutPage(application: PageApplication, atProvider: boolean): Page {
  const { name, external_host } = application;
  return {
    content: ({ signOut: { done } }) => ({
      title: done.title,
      blocks: [done.here(name), ...(atProvider ? [done.provider] : [])],
      actions: [startLink(application, `${external_host}/`, done.again)],
    }),
  };
}
