/** The OpenID provider that the tests log in at: the demo's. */
export * from '../../demo/provider/provider.ts';
