/** The pages that a proxy passes on, in German. */
import type { Texts } from '../en/index.ts';

export const access: Texts['access'] = {
  denied: {
    title: 'Kein Zugriff',
    account: (site) => `Sie sind angemeldet, aber dieses Konto darf diese Seite von ${site} nicht öffnen.`,
    ask: 'Wenn Sie Zugriff brauchen, wenden Sie sich bitte an die Administration und geben Sie die folgenden Angaben weiter.',
    everyone: (site) => `Diese Seite von ${site} ist für alle gesperrt.`,
    otherAccount: 'Anderes Konto verwenden',
  },
  facts: {
    account: 'Konto',
    application: 'Anwendung',
    groups: 'Gruppen',
    email: 'E-Mail',
    none: 'keine',
    more: (count) => `und ${count} weitere`,
    verified: (email) => `${email} (bestätigt)`,
    notVerified: (email) => `${email} (nicht bestätigt)`,
  },
  unusable: {
    title: 'Dieses Konto kann nicht verwendet werden',
    why: (site) =>
      `Sie sind beim Anmeldedienst angemeldet, aber ${site} könnte Ihr Konto mit einem anderen verwechseln.`,
    empty: 'Der Anmeldedienst hat keinen Benutzernamen dafür übermittelt.',
    changes: {
      username: 'Der Benutzername beginnt oder endet mit einem Leerzeichen oder enthält ein unsichtbares Zeichen.',
      uid: 'Die Kennung beginnt oder endet mit einem Leerzeichen oder enthält ein unsichtbares Zeichen.',
      email: 'Die E-Mail-Adresse beginnt oder endet mit einem Leerzeichen oder enthält ein unsichtbares Zeichen.',
    },
    remedy: 'Die Administration muss das Konto beim Anmeldedienst berichtigen oder einen anderen Claim wählen.',
    claim: (claim, key, isEmpty) =>
      `Der Wert des Claims ${claim} (oder dessen, den claims.${key} nennt) ${isEmpty ? 'ist leer' : 'hat am Rand ein Leerzeichen oder enthält ein Steuerzeichen'}.`,
  },
  unknownHost: {
    title: 'Unbekannte Website',
    host: (host) => `Unter der Adresse ${host} gibt es keine Website. Bitte prüfen Sie die Schreibweise.`,
    noHost: 'Aus dieser Anfrage geht nicht hervor, welche Website gemeint ist.',
    known: (addresses) => `Unter diesem Namen bekannt: ${addresses}`,
    notServed: (why: string) => `Die Anwendung dieses Hosts wird nicht bedient: ${why}.`,
    remedy: (host) =>
      `Für den Host ${host || '(keiner)'} ist keine Anwendung eingerichtet: external_host oder hosts (mit dem Port, wenn es nicht der übliche ist) oder cookie_domain muss ihn nennen.`,
  },
  rateLimited: {
    title: 'Zu viele Versuche',
    why: (site) =>
      `Von Ihrer Adresse oder für Ihren Namen sind zu viele falsche Passwörter oder Tokens an ${site} gesendet worden.`,
    wait: (seconds) =>
      seconds === 1
        ? 'Bitte warten Sie eine Sekunde und versuchen Sie es dann noch einmal.'
        : `Bitte warten Sie ${seconds} Sekunden und versuchen Sie es dann noch einmal.`,
  },
};
