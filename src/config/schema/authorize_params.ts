/** The further parameters of an authorization request that an operator may set. */
import * as z from 'zod';
import { type KeyNotes, shapeError, text } from './scalars.ts';

/** What names the client, says where the answer goes, and binds it to this login. */
const PROTECTED =
  /^(?:state|nonce|client_id|client_secret|client_assertion.*|redirect_uri|response_.*|scope|code_challenge.*|code_verifier|request|request_uri|registration|dpop_jkt|grant_type|code|iss|web_message_.*)$/;

const ALLOWED = 'a mapping such as `{ prompt: login, acr_values: urn:mfa }`';

/**
 * Attack (RFC 9700 sections 2.1.1 and 4.7): a `state`, `nonce` or `code_challenge` that is the same at every login, or
 * the plain challenge method, taken over from a wiki: logins would go on, without their protection. Some providers read
 * names in any letter case, so that is no way around it.
 */
const isProtected = (name: string) => PROTECTED.test(name.toLowerCase());

export const authorizeParams = z
  .record(z.string(), text('the value of a parameter'), { error: shapeError(ALLOWED) })
  .superRefine((given, context) => {
    for (const name of Object.keys(given)) {
      const refuse = (message: string) => context.addIssue({ code: 'custom', message, path: [name] });
      if (isProtected(name))
        refuse(`cannot be set: ${name} protects the login and is Gatepost's own (scope: the key scopes)`);
      // RFC 6749 appendix A: names of parameters. A name of white space or with a sign is a slip.
      else if (!/^[A-Za-z0-9._~:/-]{1,100}$/.test(name)) refuse('is not the name of a parameter');
    }
  })
  .meta({ allowed: ALLOWED } satisfies KeyNotes);
