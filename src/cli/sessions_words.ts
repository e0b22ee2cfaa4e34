/** Sessions as `gatepost sessions` prints them: for people, and as JSON. */
import { escapeUnreadable } from '../characters.ts';
import { displayName } from '../identity.ts';
import type { SessionFacts } from '../sessions/directory.ts';
import type { Refusal } from '../sessions/refusals.ts';

const AUTH_METHODS: Record<SessionFacts['authMethod'], string> = {
  login: 'login',
  basic: 'app password (Authorization: Basic)',
  bearer: 'token (Authorization: Bearer)',
};

const iso = (ms: number) => new Date(ms).toISOString();
/** To the second, in UTC. */
const short = (ms: number) => `${iso(ms).slice(0, 19).replace('T', ' ')}Z`;

/** `null` is what is not known. Times are ISO 8601. */
export function toJson(facts: SessionFacts) {
  const { id, application, since, lastUse, until, address, device, authMethod, user } = facts;
  return {
    id,
    user: displayName(facts),
    application,
    since: iso(since),
    last_use: iso(lastUse),
    address: address ?? null,
    device: device ?? null,
    auth_method: authMethod,
    until: iso(until),
    name: user.name,
    email: user.email,
  };
}

export function toDetailedJson(facts: SessionFacts, refusal: Refusal | undefined) {
  const { issuer, sub, user } = facts;
  const refused = refusal && { at: iso(refusal.at), address: refusal.address, reason: refusal.reason };
  return { ...toJson(facts), groups: user.groups, issuer, subject: sub, last_refused: refused ?? null };
}

const COLUMNS = ['ID', 'USER', 'APPLICATION', 'SINCE', 'LAST USE', 'ADDRESS'] as const;

/** Characters of a value; a line of a table with a longer one cannot be read. */
const MAX_SHOWN_CHARS = 200;

/**
 * A value in one line.
 * Attack: somebody whom the provider lets choose a name has a line feed in it, and behind it the line of a session that is
 * another one, for the operator to end; or a megabyte, by which each line of the table is as wide.
 */
const shown = (text: string) =>
  escapeUnreadable(text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text);

/** A line for each session, below the names of the columns. */
export function toTable(sessions: readonly SessionFacts[]): string[] {
  const rows = sessions.map((facts) => [
    facts.id,
    shown(displayName(facts)),
    facts.application,
    short(facts.since),
    short(facts.lastUse),
    facts.address ?? 'unknown',
  ]);
  const lines: (readonly string[])[] = [COLUMNS, ...rows];
  const widths = COLUMNS.map((_, at) => lines.reduce((most, line) => Math.max(most, (line[at] ?? '').length), 0));
  return lines.map((line) =>
    line
      .map((text, at) => text.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** What is known of one session, a line each. */
export function toLines(facts: SessionFacts, refusal: Refusal | undefined): string[] {
  const { user, address, device } = facts;
  const rows: [label: string, value: string][] = [
    ['id', facts.id],
    ['user', displayName(facts)],
    ['name', user.name || 'none'],
    ['e-mail', user.email || 'none'],
    ['groups', user.groups.join(', ') || 'none'],
    ['application', facts.application],
    ['issuer', facts.issuer],
    ['subject', facts.sub],
    ['signed in by', AUTH_METHODS[facts.authMethod]],
    ['since', short(facts.since)],
    ['last use', `${short(facts.lastUse)}, or up to five minutes later`],
    ['until', short(facts.until)],
    ['address', address ?? 'unknown'],
    ['device', device ?? 'unknown'],
    ['last refused', refusal ? `${short(refusal.at)} ${refusal.address} (${refusal.reason})` : 'nothing'],
  ];
  return rows.map(
    ([label, value]) => `${label.padEnd(14)}${label === 'groups' ? escapeUnreadable(value) : shown(value)}`,
  );
}
