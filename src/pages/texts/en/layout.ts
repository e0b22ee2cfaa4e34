/** What every page has: around its content, and more than once within it. */

export const layout = {
  /** @param title of the site */
  logo: (title: string | undefined) => (title === undefined ? 'Logo' : `Logo of ${title}`),
  help: 'Do you need help?',
  code: 'Code',
  request: 'Request',
  forAdministrators: 'For administrators',
  tryAgain: 'Try again',
};
