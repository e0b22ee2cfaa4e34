/** Who signs in, and with what. */
import type { Person } from './oracle.ts';

/** Something that signs one person in. */
export interface Credential {
  person: Person;
  /** The one site where it does; `undefined`: at all of them, as the provider's app passwords do. */
  slug: string | undefined;
  /** The header that carries it. */
  header: [string, string];
  /** The part of the header that is unlike anything else. */
  secret: string;
}

export const PEOPLE: Record<string, Person> = {
  alice: { name: 'alice', groups: ['admins', 'staff'] },
  bob: { name: 'bob', groups: ['staff'] },
};
