/** Folds the spellings of a user name that providers take for one account, so that they are counted together. */

/** Accents: many databases compare without them. Marks of other scripts make other words, so they stay. */
const ACCENTS = /[\u0300-\u036f]+/g;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}+/gu;

/**
 * The text that stands for a user name in the counters, for nothing else: names that fold to one are not one user.
 * Attack: a directory ignores letter case, width and spaces (RFC 4518), a database often accents, and an attacker who
 * varies them would have ten guesses at one account with each spelling.
 */
export function foldUserName(user: string): string {
  // Upper case first: `ß` is `SS`, and `ſ` is `S`.
  const letters = user.normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKD');
  return letters.replace(INVISIBLE, '').replace(ACCENTS, '').replace(/\s+/g, ' ').trim();
}
