/** The texts of the pages in English, the model for the other languages. */
import { access } from './access.ts';
import { layout } from './layout.ts';
import { login } from './login.ts';
import { loop } from './loop.ts';
import { session } from './session.ts';
import { signOut } from './sign_out.ts';

export const en = { layout, access, login, loop, session, signOut };

/** What every language has. */
export type Texts = typeof en;
