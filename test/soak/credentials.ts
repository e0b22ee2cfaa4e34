/** App passwords and bearer tokens that are good, and what must never open anything. */
import { randomBytes } from 'node:crypto';
import type { Session } from './ledger.ts';
import { aboutPage, type Question, withBasic, withBearer, withCookie } from './questions.ts';
import { type Site, sites } from './site.ts';
import type { World } from './world.ts';

/** Programs: nobody signs them out. */
export const programs = Array.from({ length: 4 }, (_, at) => ({ user: `program${at}`, sub: `u-program${at}` }));
type Program = (typeof programs)[number];

export function addPrograms({ provider }: World): void {
  for (const { user, sub } of programs) {
    const claims = { name: user, email: `${user}@example.com`, email_verified: true, groups: ['staff'] };
    provider.addUser({ sub, username: user, password: 'unused', claims });
  }
}

/** How long a program uses a token before it fetches another one. */
const TOKEN_USE_MS = 60_000;

export function createCredentials(world: World) {
  const { random, provider } = world;
  const tokens = new Map<string, { token: string; madeAt: number }>();

  /** @param changes of a token that would be good; `foreign`: signed by somebody else */
  function sign({ user, sub }: Program, site: Site, changes: Record<string, unknown> = {}, foreign = false) {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now - 5, exp: now + 600 };
    const claims = { iss: provider.issuer, aud: site.slug, sub, preferred_username: user, groups: ['staff'], ...times };
    return provider.sign({ ...claims, ...changes }, foreign ? { foreign } : {});
  }

  async function tokenOf(program: Program, site: Site): Promise<string> {
    const key = `${program.user} ${site.slug}`;
    const known = tokens.get(key);
    if (known !== undefined && performance.now() - known.madeAt < TOKEN_USE_MS) return known.token;
    const token = await sign(program, site);
    tokens.set(key, { token, madeAt: performance.now() });
    return token;
  }

  const random32 = () => randomBytes(32).toString('base64url');
  const pickSite = () => random.pick(sites)!;
  const pickProgram = () => random.pick(programs)!;
  const otherThan = (site: Site) => sites.find((one) => one !== site)!;
  /** A cookie with one character more or less of something else. */
  const altered = (cookie: string) => `${cookie[0] === 'A' ? 'B' : 'A'}${cookie.slice(1)}`;

  const wrong: Record<string, (site: Site, session: Session | undefined) => Promise<Record<string, string>>> = {
    'a wrong app password': async () => withBasic(pickProgram().user, random32()),
    'an unknown user': async () => withBasic(`nobody-${random.between(1, 1e6)}`, 'app-nobody'),
    'a token that somebody else signed': async (site) => withBearer(await sign(pickProgram(), site, {}, true)),
    'a token that has expired': async (site) => {
      const exp = Math.floor(Date.now() / 1000) - 300;
      return withBearer(await sign(pickProgram(), site, { iat: exp - 600, exp }));
    },
    'a token for another application': async (site) => withBearer(await sign(pickProgram(), otherThan(site))),
    'a token of another issuer': async (site) =>
      withBearer(await sign(pickProgram(), site, { iss: 'http://127.0.0.1:9' })),
    'an invented token': async () => withBearer(random32()),
    'an invented cookie': async (site) => withCookie(site.cookie, random32()),
    'an altered cookie': async (site, session) => withCookie(site.cookie, altered(session?.cookie ?? random32())),
    'the cookie of another application': async (site, session) =>
      withCookie(site.cookie, session === undefined || session.site === site ? random32() : session.cookie),
  };

  const about = (site: Site, title: string, credential: Record<string, string>): Question => {
    const question = aboutPage(random, site, '/page', credential);
    return { ...question, title: `${question.title} with ${title}` };
  };

  return {
    async basic(): Promise<Question> {
      const { user } = pickProgram();
      return about(pickSite(), `the app password of ${user}`, withBasic(user, `app-${user}`));
    },
    async bearer(): Promise<Question> {
      const [program, site] = [pickProgram(), pickSite()];
      return about(site, `a bearer token of ${program.user}`, withBearer(await tokenOf(program, site)));
    },
    async wrong(): Promise<Question> {
      const title = random.pick(Object.keys(wrong))!;
      const site = pickSite();
      return about(site, title, await wrong[title]!(site, world.ledger.pickAlive()));
    },
  };
}
