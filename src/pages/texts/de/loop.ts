/** The page of a login that would come again and again, in German. */
import type { Texts } from '../en/index.ts';

export const loop: Texts['loop'] = {
  title: 'Die Anmeldung dreht sich im Kreis',
  stopped: 'Damit Ihnen weitere Runden erspart bleiben, ist die Anmeldung hier angehalten worden.',
  causes: 'Es kann an einem von diesen Punkten liegen:',
  others: 'Wenn es keiner davon ist, zeigen Sie der Administration bitte das Folgende.',
  ask: 'Bitte zeigen Sie der Administration das Folgende.',
  lost: {
    why: (site) =>
      `Sie haben sich innerhalb einer halben Minute mehrmals bei ${site} angemeldet, und jedes Mal hat der Browser das Cookie nicht zurückgesendet, das die Anmeldung belegt.`,
    browser: 'Der Browser nimmt keine Cookies von dieser Website an.',
    domain: (domain) =>
      `Das Cookie gilt für ${domain} und alle Hosts darunter (cookie_domain). Diese Adresse muss dazugehören.`,
    host: (host) =>
      `Das Cookie gilt nur für ${host} (external_host, ohne cookie_domain). Diese Adresse muss dieser Host sein.`,
    https: 'Der Browser sendet das Cookie nur über https. Diese Adresse darf nicht http sein.',
    http: 'Diese Adresse ist http. Ein Cookie mit demselben Namen, das über https gesetzt wurde, verdeckt das hier gesetzte.',
    device: 'Die Uhr dieses Geräts geht um mehr als eine Minute falsch.',
    clock: 'Die Uhr des Anmeldedienstes oder dieses Servers geht um mehr als eine Minute falsch.',
  },
  kept: {
    why: (site) =>
      `Sie haben sich innerhalb einer halben Minute mehrmals bei ${site} angemeldet, und jedes Mal hat der Browser das Cookie, das die Anmeldung belegt, hierher gesendet, aber die Anfrage nach der Seite kam ohne dieses Cookie an oder erreichte einen anderen Prozess.`,
    proxy: 'Der Proxy gibt den Header Cookie mit seiner Anfrage nicht weiter.',
    processes:
      'Mehrere Prozesse von Gatepost antworten, und jeder hat seinen eigenen Sitzungsspeicher (store: memory). Nötig ist ein gemeinsamer.',
  },
  stateLost: {
    why: (site) =>
      `Innerhalb einer halben Minute sind mehrere Anmeldungen bei ${site} vom Anmeldedienst zurückgekommen, und keine davon ließ sich zuordnen.`,
    changed:
      'Der Anmeldedienst oder ein Server davor sendet code und state nicht unverändert im Query der Adresse zurück.',
    secrets: 'Mehrere Prozesse von Gatepost antworten, und ihre Konfigurationen unterscheiden sich in secret.',
  },
  wrongIssuer: {
    title: 'Die Anmeldung ist angehalten worden',
    why: (site) =>
      `Der Anmeldedienst hat Sie bei ${site} angemeldet, aber im Namen eines anderen Issuers als dem, den dieser Server annimmt.`,
    received: 'Vom Anmeldedienst genannter Issuer',
    accepted: 'Angenommene Issuer',
    remedy:
      'authentik bildet seinen Issuer aus der Adresse, unter der es gefragt wird. AUTHENTIK_HOST_BROWSER muss seine Adresse in Browsern sein, und ein Proxy davor muss Host und X-Forwarded-Proto weitergeben.',
  },
  codeRefused: {
    why: (site) =>
      `Sie haben sich innerhalb einer halben Minute mehrmals bei ${site} angemeldet, und jedes Mal hat der Anmeldedienst den Code nicht angenommen, den er selbst ausgegeben hatte.`,
    client: 'Redirect URI oder PKCE sind für den Client beim Anmeldedienst anders eingestellt als für diese Website.',
    twice: 'Etwas zwischen dem Browser und dieser Website öffnet die Adresse des Callbacks ein zweites Mal.',
    servers: 'Mehrere Server des Anmeldedienstes antworten, und keiner kennt die Anmeldungen der anderen.',
  },
};
