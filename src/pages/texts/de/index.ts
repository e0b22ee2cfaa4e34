/** The texts of the pages in German. */
import type { Texts } from '../en/index.ts';
import { access } from './access.ts';
import { layout } from './layout.ts';
import { login } from './login.ts';
import { loop } from './loop.ts';
import { session } from './session.ts';
import { signOut } from './sign_out.ts';

export const de: Texts = { layout, access, login, loop, session, signOut };
