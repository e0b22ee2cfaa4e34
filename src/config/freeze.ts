/** Makes a configuration immutable: it is a snapshot, and a request that has begun with it ends with it. */

/** Plain data as it is read by other modules: no key and no list of it can be changed. */
export type Immutable<T> = T extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T;

/** Freezes plain objects and lists, in place. */
export function freeze<T>(value: T): Immutable<T> {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) freeze(part);
  }
  return value as Immutable<T>;
}
