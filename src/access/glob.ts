/** Names with `*` for any characters, as `groups` of a rule has them. Pure. */

/** Whether `*` in it stands for something. */
export function isGlob(text: string): boolean {
  return text.includes('*');
}

/**
 * Compiles a name with `*`, in its own letter case.
 * Attack: a regular expression of `*a*a*a*` goes back and forth over a long name that its user has chosen. Here each part
 * is looked for once, behind the one before it.
 */
export function compileGlob(glob: string): (text: string) => boolean {
  const parts = glob.split('*');
  const first = parts.shift() as string;
  const last = parts.pop() as string;
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const part of parts) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= end;
  };
}
