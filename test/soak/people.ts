/** The people who sign in and out, and one thing at a time for each of them. */
import type { Person } from './ledger.ts';
import type { SoakProvider } from './provider.ts';

/** One at a time for each person; `undefined` where there is something under way. */
export async function alone<T>(person: Person, work: () => Promise<T>): Promise<T | undefined> {
  if (person.busy) return undefined;
  person.busy = true;
  try {
    return await work();
  } finally {
    person.busy = false;
  }
}

/** Every third one is an administrator. */
export function newPerson({ addUser }: SoakProvider, number: number): Person {
  const isAdmin = number % 3 === 0;
  const [user, sub] = [`person${number}`, `u-person${number}`];
  const groups = isAdmin ? ['admins', 'staff'] : ['staff'];
  const claims = { name: `Person ${number}`, email: `${user}@example.com`, email_verified: true, groups };
  addUser({ sub, username: user, password: 'unused', claims });
  return { user, sub, isAdmin, sessions: [], busy: false, history: [] };
}
