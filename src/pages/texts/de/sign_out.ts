/** The pages of a sign-out, in German. */
import type { Texts } from '../en/index.ts';

export const signOut: Texts['signOut'] = {
  ask: {
    title: (site) => `Von ${site} abmelden?`,
    notYet: 'Sie sind noch nicht abgemeldet: Die Anfrage kam von einer anderen Seite oder vom Browser selbst.',
    what: 'Die Abmeldung beendet alle Ihre Sitzungen auf dieser Website und auf den Websites mit derselben Anmeldung.',
    button: 'Abmelden',
  },
  done: {
    title: 'Abgemeldet',
    here: (site) => `Sie sind von ${site} abgemeldet.`,
    provider:
      'Beim Anmeldedienst sind Sie vielleicht noch angemeldet. Melden Sie sich an einem gemeinsam genutzten Computer auch dort ab, oder schließen Sie den Browser.',
    again: 'Wieder anmelden',
  },
};
