/** Checks the keys of a YAML mapping, and that `<<` has what it can take over. */
import type { ReportLine, YamlCollection, YamlNode } from './nodes.ts';

export function checkKeys({ items }: YamlCollection, report: ReportLine): void {
  const seen = new Set<string>();
  for (let index = 0; index < items.length; index += 2) {
    const key = items[index]!;
    const name = key.kind === 'scalar' ? key.text : null;
    const quote = key.kind === 'scalar' ? '' : '; a value that begins with { or [ must be quoted';
    // Attack: `__proto__` as a key would give the mapping a prototype, with keys that no check sees.
    if (name === null || name === '__proto__') report(key.line, `this is no key of a configuration${quote}`);
    else if (seen.has(name)) report(key.line, 'this key is there twice in one mapping', plainName(name));
    else if (name === '<<' && !isMergeable(items[index + 1]!)) report(key.line, notMergeable);
    else seen.add(name);
  }
}

const notMergeable = '<< takes over a mapping or a list of mappings, as an alias: <<: *name';

/** A name is shown only where it is plainly one: a secret with a colon in it that is not quoted may read as a key. */
function plainName(name: string): string {
  return /^[a-z_]{1,40}$/.test(name) ? name : '';
}

function isMergeable(node: YamlNode): boolean {
  if (node.kind === 'list') return node.items.every(({ kind }) => kind === 'mapping');
  return node.kind === 'mapping';
}
