/** What every page has, in German. */
import type { Texts } from '../en/index.ts';

export const layout: Texts['layout'] = {
  logo: (title) => (title === undefined ? 'Logo' : `Logo von ${title}`),
  help: 'Brauchen Sie Hilfe?',
  code: 'Code',
  request: 'Anfrage',
  forAdministrators: 'Für die Administration',
  tryAgain: 'Noch einmal versuchen',
};
