/** The pages of a sign-out: the one that asks, and the one at its end. */

export const signOut = {
  ask: {
    title: (site: string) => `Sign out of ${site}?`,
    notYet: 'You have not been signed out yet: the request came from another page, or from the browser itself.',
    what: 'Signing out ends all your sessions on this site and on the sites that share its login.',
    button: 'Sign out',
  },
  done: {
    title: 'Signed out',
    here: (site: string) => `You are signed out of ${site}.`,
    provider:
      'You may still be signed in at the login provider. On a shared computer, sign out there or close the browser.',
    again: 'Sign in again',
  },
};
