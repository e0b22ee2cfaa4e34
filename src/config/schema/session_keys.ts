/** How long sessions live: keys of an application. */
import { DEFAULT_SESSION_MAX_AGE_MS, duration } from './scalars.ts';

export const sessionKeys = {
  session_max_age: duration().default(DEFAULT_SESSION_MAX_AGE_MS).meta({
    description: 'How long a session with a refresh token lives at most.',
    default: "the top level's",
    example: '7d',
  }),
  session_lifetime: duration().optional().meta({
    description:
      'How long a session lives, whatever its tokens say: longer or shorter than they do. With a refresh token `session_max_age` is a limit beside it. A header credential is never accepted beyond its token.',
    default: "the top level's",
    example: '8h',
  }),
  session_idle: duration().optional().meta({
    description:
      'A session ends when it was not used for this long, or up to a twentieth longer. Holds for the sessions that are made from then on.',
    default: "the top level's",
    example: '30m',
  }),
};
