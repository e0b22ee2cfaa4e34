/** The visitor's own page: who they are here, until when, what was refused, and their other sessions. */
import { endpointPath } from '../endpoints.ts';
import type { SessionFacts } from '../sessions/directory.ts';
import type { Refusal } from '../sessions/refusals.ts';
import type { PageApplication } from './application.ts';
import type { Action, Block, Fact, Page, PageRecord } from './content.ts';
import { accountOf, ownFacts, type Person } from './denied.ts';
import type { Texts } from './texts/index.ts';

/** What the page says. Times are milliseconds since the epoch. */
export interface SessionPage {
  application: PageApplication;
  person: Person;
  since: number;
  until: number;
  refusal: Refusal | undefined;
  others: readonly SessionFacts[];
  /** The name of an application, by its slug. */
  nameOf(slug: string): string;
  /** What became of a button that was pressed; nothing: the page was opened. */
  notice?: keyof Texts['session']['notices'] | undefined;
}

/** Of a button that ends all other sessions, in the place of one's id. */
export const ALL_OTHERS = 'others';

export function sessionPage(page: SessionPage): Page {
  const { application, notice } = page;
  return {
    ...(notice === 'foreign' && { reason: 'cross_site_request' }),
    ...(notice === 'gone' && { status: 404 }),
    content: (texts) => {
      const { session } = texts;
      const about: Block[] = notice === undefined ? [session.what(application.name)] : [session.notices[notice]];
      const back = { text: session.back(application.name), href: `${application.external_host}/` };
      const signOut = { text: session.signOut, action: endpointPath('sign_out'), leadsAway: true };
      return {
        title: session.title,
        blocks: [...about, { facts: factsOf(page, texts) }, refusalOf(page, texts), othersOf(page, texts)],
        actions: [back, signOut],
      };
    },
  };
}

function factsOf({ person, since, until }: SessionPage, { access: { facts }, session }: Texts): Fact[] {
  return [
    [facts.account, accountOf(person)],
    ...ownFacts(person.user, facts),
    [session.since, session.time(since)],
    [session.until, session.time(until)],
  ];
}

/** To the visitor what was refused, and their own facts above: what the rule wants is the operator's. */
function refusalOf({ refusal }: SessionPage, { session: { refused, time } }: Texts): Block {
  if (refusal === undefined) return { section: refused.title, blocks: [refused.nothing] };
  const facts: Fact[] = [
    [refused.when, time(refusal.at)],
    [refused.address, refusal.address],
    [refused.why, refused.because[refusal.reason]],
  ];
  return { section: refused.title, blocks: [{ facts }] };
}

function othersOf(page: SessionPage, texts: Texts): Block {
  const { others } = texts.session;
  if (page.others.length === 0) return { section: others.title, blocks: [others.none] };
  const blocks: Block[] = [others.hint, { records: page.others.map((one) => recordOf(one, page, texts)) }];
  if (page.others.length > 1) blocks.push({ actions: [endButton(others.endAll, ALL_OTHERS)] });
  return { section: others.title, blocks };
}

function recordOf(facts: SessionFacts, { nameOf }: SessionPage, { session }: Texts): PageRecord {
  const { others, time } = session;
  const { id, application, since, lastUse, address, authMethod } = facts;
  const device = facts.device ?? others.unknownDevice;
  const method: Fact[] = authMethod === 'login' ? [] : [[others.method, others.methods[authMethod]]];
  return {
    name: device,
    facts: [
      [others.application, nameOf(application)],
      [others.since, time(since)],
      [others.lastUse, time(lastUse)],
      [others.address, address ?? others.unknown],
      ...method,
    ],
    actions: [{ ...endButton(others.end, id), about: others.about(device, nameOf(application)) }],
  };
}

/** In the query: proxies that were set up for authentik leave the body of a request away. */
function endButton(text: string, end: string): Action & { action: string } {
  return { text, action: `${endpointPath('session')}?end=${end}` };
}
