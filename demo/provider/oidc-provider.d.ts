/** The package has no types of its own; the tests use it as plain JavaScript. */
declare module 'oidc-provider' {
  // biome-ignore lint/suspicious/noExplicitAny: there is nothing to be more precise about
  const Provider: any;
  export default Provider;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  export const errors: any;
}
