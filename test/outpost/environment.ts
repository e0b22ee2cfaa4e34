/** The environment of an outpost, for tests. */

/** As long as authentik makes them. */
export const TOKEN = 'LL8fQ2sYtJ0cWb4mN1xZ7vKpRgDhEu3aOiTy6sXqBwCjVnMkHrPfUzGdAeSl';

export function environment(more: Record<string, string> = {}): Record<string, string> {
  return { AUTHENTIK_HOST: 'https://auth.example.com', AUTHENTIK_TOKEN: TOKEN, ...more };
}
