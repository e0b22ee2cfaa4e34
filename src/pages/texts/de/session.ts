/** The visitor's own page, in German. */
import type { Texts } from '../en/index.ts';
import { timeIn } from '../time.ts';

export const session: Texts['session'] = {
  title: 'Ihre Sitzung',
  what: (site) => `Sie sind bei ${site} angemeldet. Nur Sie können diese Seite sehen.`,
  since: 'Angemeldet seit',
  until: 'Längstens bis',
  time: timeIn('de-DE'),
  refused: {
    title: 'Zuletzt abgelehnt',
    nothing: 'In dieser Sitzung wurde nichts abgelehnt.',
    when: 'Wann',
    address: 'Adresse',
    why: 'Warum',
    because: {
      forbidden:
        'Dieses Konto darf sie nicht öffnen: Name, Gruppen und E-Mail-Adresse, wie sie oben stehen, genügen nicht dem, was die Website verlangt.',
      unusable_identity: 'Die Website könnte dieses Konto für ein anderes halten.',
    },
  },
  others: {
    title: 'Ihre anderen Sitzungen',
    none: 'Sie haben hier keine andere Sitzung, oder keine, die sich auflisten lässt. Die Abmeldung beendet alle.',
    hint: 'Wenn Sie eine davon nicht kennen, beenden Sie sie und ändern Sie Ihr Passwort beim Anmeldedienst. Die Abmeldung beendet alle.',
    unknownDevice: 'Unbekanntes Gerät',
    application: 'Anwendung',
    since: 'Seit',
    lastUse: 'Zuletzt benutzt',
    address: 'Adresse',
    unknown: 'unbekannt',
    method: 'Angemeldet durch',
    methods: { basic: 'App-Passwort eines Programms', bearer: 'Token eines Programms' },
    end: 'Beenden',
    about: (device, site) => `${device}, ${site}`,
    endAll: 'Alle anderen beenden',
  },
  notices: {
    gone: 'Sie haben keine solche Sitzung. Vielleicht ist sie schon beendet.',
    foreign: 'Es wurde nichts beendet: Die Anfrage kam nicht von dieser Seite. Benutzen Sie die Knöpfe unten.',
  },
  back: (site) => `${site} öffnen`,
  signOut: 'Abmelden',
  link: 'Ihre Sitzungen',
};
