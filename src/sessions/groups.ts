/** Parts a long list, so that each part is one round to the store. */

const GROUP = 500;

export function* groupsOf<T>(items: Iterable<T>, most = GROUP): Generator<T[]> {
  let group: T[] = [];
  for (const item of items) {
    if (group.push(item) < most) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
