/** What the log says of a claim that is left out, and what to do. Pure. */
import type { LeftOutReason } from './claims.ts';

interface Warning {
  event: string;
  message: string;
}

/** @param value is shown for `unusable` alone: the name of a group is no secret, another claim may be one */
export function leftOutWarning(claim: string, reason: LeftOutReason, value: string): Warning {
  return WARNINGS[reason](claim, value);
}

const WARNINGS: Record<LeftOutReason, (claim: string, value: string) => Warning> = {
  unusable: (claim, value) => ({
    event: 'claims.value_left_out',
    message: `a value of ${claim} is left out, as it has white space at an end, a control character or "|": ${JSON.stringify(value.slice(0, 100))}; further ones are not reported`,
  }),
  unreadable: (claim) => ({
    event: 'claims.unreadable',
    message: `the claim ${claim}, or a part of it, has a shape that is not understood, and is left out: a text, number, list, list of objects with "name", or for groups an object or JSON text would be; further ones are not reported`,
  }),
  too_long: (claim) => ({
    event: 'claims.too_long',
    message: `the claim ${claim} is left out, as it is longer than 64 KiB: no header could carry it; further ones are not reported`,
  }),
  elsewhere: (claim) => ({
    event: 'claims.left_out_by_provider',
    message: `the provider left the ${claim} out of the token of a user who has too many (overage, _claim_names): for rules and headers this user has none; let the provider send fewer ${claim}, such as those that are assigned to this application, or app roles; further users are not reported`,
  }),
};
