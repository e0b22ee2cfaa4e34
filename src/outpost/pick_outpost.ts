/** Which outpost the token stands for. Pure. */
import { counted, listed } from '../words.ts';
import { AuthentikApiError, excerpt } from './api_error.ts';
import type { OutpostInstance } from './types.ts';

/** Names in a message. */
const MAX_NAMES = 5;

/**
 * The one outpost that an outpost's token sees.
 * Attack: an administrator's token sees all of them, and the hosts of all would be served here.
 * @throws AuthentikApiError of the kind `not_an_outpost`
 */
export function pickOutpost(instances: readonly OutpostInstance[]): OutpostInstance {
  const [instance, ...others] = instances;
  if (instance === undefined) throw notAnOutpost("not an outpost's token: it sees no outpost");
  if (others.length > 0) {
    const names = listed(
      instances.map(({ name }) => excerpt(name)),
      MAX_NAMES,
    );
    throw notAnOutpost(`not an outpost's token: it sees ${counted(instances.length, 'outpost')} (${names})`);
  }
  const { name, type } = instance;
  if (type !== 'proxy') {
    throw notAnOutpost(`not a proxy outpost's token: the outpost ${excerpt(name)} is of type ${excerptType(type)}`);
  }
  return instance;
}

function notAnOutpost(why: string): AuthentikApiError {
  const remedy = '"View deployment info" of a proxy outpost at authentik shows the right one';
  return new AuthentikApiError('not_an_outpost', `AUTHENTIK_TOKEN is ${why}; ${remedy}`);
}

const excerptType = (type: string) => (/^[\w-]{1,32}$/.test(type) ? type : excerpt(type));
