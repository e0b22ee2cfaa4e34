/** The pages of a login that does not come to its end, in German. */
import type { Texts } from '../en/index.ts';

export const login: Texts['login'] = {
  unavailable: {
    title: 'Die Anmeldung ist zurzeit nicht möglich',
    provider: (site) =>
      `Der Anmeldedienst von ${site} ist nicht erreichbar. Bitte versuchen Sie es gleich noch einmal.`,
    providerOfNoSite: 'Der Anmeldedienst ist noch nicht erreichbar. Bitte versuchen Sie es gleich noch einmal.',
    client: (site) =>
      `Der Anmeldedienst lehnt die Zugangsdaten ab, die für ${site} eingerichtet sind. Ein neuer Versuch hilft nicht; die Administration muss die Konfiguration berichtigen.`,
    clientDetails: (error) => `Die Antwort des Anmeldedienstes war ${error}; mehr steht im Protokoll.`,
    store: (site) =>
      `Die Sitzungen von ${site} sind nicht erreichbar. Sie sind nicht abgemeldet. Bitte versuchen Sie es gleich noch einmal.`,
    storeOfNoSite:
      'Die Sitzungen sind nicht erreichbar. Sie sind nicht abgemeldet. Bitte versuchen Sie es gleich noch einmal.',
  },
  internalError: {
    title: 'Etwas ist schiefgegangen',
    why: 'Das ist ein Fehler dieses Servers. Bitte versuchen Sie es noch einmal.',
    again: 'Wenn es wieder geschieht, nennen Sie der Administration bitte die Nummer der Anfrage, die unten steht.',
  },
  done: {
    title: 'Angemeldet',
    text: (site) => `Sie sind bei ${site} angemeldet. Es geht sofort weiter.`,
    goOn: 'Weiter',
  },
  failed: {
    title: 'Die Anmeldung ist fehlgeschlagen',
    again: (site) =>
      `Um ${site} zu öffnen, versuchen Sie es noch einmal. Wenn die Anmeldung wieder fehlschlägt, nennen Sie der Administration bitte den Code, der unten steht.`,
    compare: 'Vergleichen Sie den Client beim Anmeldedienst (Grant Types, Redirect URI, Scopes) mit der Konfiguration.',
    because: {
      refused:
        'Die Anmeldung wurde abgebrochen, oder der Anmeldedienst lässt dieses Konto nicht zu. Melden Sie sich mit einem anderen Konto an oder bitten Sie um Zugriff.',
      interaction:
        'Der Anmeldedienst muss Sie zuerst etwas fragen (ein Passwort, eine Zustimmung, ein Konto), sollte aber nicht fragen. Melden Sie sich direkt beim Anmeldedienst an und versuchen Sie es dann noch einmal.',
      client:
        'Der Anmeldedienst nimmt die Anfrage dieser Website nicht an. Ein neuer Versuch hilft nicht: Die Administration muss sich darum kümmern.',
      provider: 'Der Anmeldedienst hat die Anmeldung nicht abgeschlossen.',
      clock:
        'Der Anmeldedienst hat eine Antwort gesendet, die zu alt ist oder aus der Zukunft stammt: Die Uhr seines Servers oder dieses Servers geht falsch.',
      response:
        'Der Anmeldedienst hat eine Antwort gesendet, die nicht zu der Anmeldung gehört, die Sie begonnen haben.',
      unasked:
        'Der Anmeldedienst hat eine Antwort gesendet, die zu keiner Anmeldung dieser Website gehört. Wenn Sie von einer Seite des Anmeldedienstes kommen, öffnen Sie bitte diese Website direkt.',
    },
  },
};
