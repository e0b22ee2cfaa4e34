/** What a symptom looks at, and how it is said. */
import type { AuthRequest } from '../decision/request.ts';
import type { Session } from '../sessions/session.ts';

/** Looks at an auth request of one application that has been answered. Runs for each: it must cost next to nothing. */
export type Look = (request: AuthRequest, login: Session | undefined) => void;

/** Says a sentence about an application once, as a warning. */
export type Say = (event: string, application: string | undefined, sentence: () => string) => void;
