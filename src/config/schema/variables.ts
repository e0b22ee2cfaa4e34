/** Values that another program would take for a variable. */

/** As a shell, Windows, make and template engines write one. */
const VARIABLE = /^(?:\$\w+|%\w+%|\$\(\w+\)|\{\{.*\}\})$/;
/** Inside of an address. */
const INSIDE = /[/:@=](?:\$[A-Z][A-Z0-9_]{2,}|%[A-Z][A-Z0-9_]{2,}%)(?=[/:@]|$)/;

export function looksLikeVariable(text: string): boolean {
  return VARIABLE.test(text) || INSIDE.test(text);
}
