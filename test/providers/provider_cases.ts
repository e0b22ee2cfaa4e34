/** What is measured of each real provider: one test for each cell of its row in the matrix. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isInstalled, type ProviderTool } from '../../scripts/providers.ts';
import type { Page } from '../support/browser.ts';
import { waitUntil } from '../support/wait.ts';
import { doctorCases } from './doctor_cases.ts';
import { type Column, MATRIX } from './matrix.ts';
import { asksForLogin, type Person } from './person.ts';
import { discover, tokensOf } from './tokens.ts';
import { choosePlace, type Place, type RealProvider, SITE, startWorld, type World } from './world.ts';

/** The identity in an answer; names are bytes of UTF-8. */
const headerOf = ({ headers }: Page, name: string) =>
  Buffer.from(headers.get(`x-authentik-${name}`) ?? '', 'latin1').toString();

/** As `needTool` does for other programs: what is missing is said aloud, and with `CI=true` it is a failure. */
function isMissing(tool: ProviderTool): boolean {
  if (isInstalled(tool)) return false;
  const line = `${tool} is not installed: run "npm run tools"`;
  if (process.env.CI === 'true') throw new Error(line);
  process.stderr.write(`\n*** SKIPPED: ${line} ***\n\n`);
  return true;
}

/**
 * @param tool the program that the provider is; `undefined`: it comes with npm
 * @param start starts the provider, told where Gatepost will be
 */
export function measure(
  name: string,
  tool: ProviderTool | undefined,
  start: (place: Place) => Promise<RealProvider>,
): void {
  describe.skipIf(tool !== undefined && isMissing(tool))(name, () => {
    let provider: RealProvider;
    let world: World;

    beforeAll(async () => {
      const place = await choosePlace();
      provider = await start(place);
      world = await startWorld(provider, place);
    }, 300_000);

    afterAll(async () => {
      await world?.close();
      await provider?.stop();
    });

    /** @param works what it comes to; the cell says what is right */
    const cell = (column: Column, works: () => Promise<boolean>) => {
      const expected = MATRIX[name]?.cells[column];
      test(`${column}: ${expected}`, async () => {
        world.resetClock();
        expect(expected).toBeDefined();
        expect(await works(), world.said()).toBe(expected?.startsWith('yes'));
      });
    };

    doctorCases(() => provider);

    async function signedIn(): Promise<{ person: Person; page: Page }> {
      const person = world.newPerson();
      const page = await person.signIn(`${SITE}/deep/link?a=1`);
      expect(`${page.status} ${page.url}`, world.said()).toBe(`200 ${SITE}/deep/link?a=1`);
      return { person, page };
    }

    const statusOf = async ({ browser }: Person) => (await browser.open(`${SITE}/`)).status;

    cell('login', async () => {
      const { page } = await signedIn();
      expect(headerOf(page, 'username')).toBe(provider.username);
      expect(headerOf(page, 'jwt')).toMatch(/^ey/);
      return true;
    });

    cell('groups', async () => {
      const { page } = await signedIn();
      const groups = headerOf(page, 'groups').split('|').filter(Boolean).sort();
      if (groups.length > 0) expect(groups).toEqual([...provider.groups].sort());
      return groups.length > 0;
    });

    cell('refresh', async () => {
      const { person, page } = await signedIn();
      // Longer than a second, so that a new token is another one.
      await sleep(1100);
      world.pass(provider.tokenLifeMs - Math.min(provider.tokenLifeMs / 2, 300_000) + 1000);
      expect(await statusOf(person)).toBe(200);
      await waitUntil(async () => {
        const next = await person.browser.open(`${SITE}/`);
        return headerOf(next, 'jwt') !== headerOf(page, 'jwt');
      }, 3000).catch(() => undefined);
      world.pass(Math.min(provider.tokenLifeMs / 2, 300_000));
      const after = await person.browser.open(`${SITE}/`);
      if (after.status === 200) expect(headerOf(after, 'username')).toBe(provider.username);
      return after.status === 200;
    });

    cell('sign-out', async () => {
      const { person } = await signedIn();
      await person.confirm(`${SITE}/outpost.goauthentik.io/sign_out`);
      expect(await statusOf(person)).toBe(302);
      return asksForLogin(await person.open(`${SITE}/`));
    });

    cell('back-channel', async () => {
      const { person } = await signedIn();
      if (provider.endSession === undefined) {
        // One that says that it tells clients is to be tried, not believed.
        expect((await discover(provider)).backchannel_logout_supported ?? false).toBe(false);
        return false;
      }
      await provider.endSession(person);
      await waitUntil(async () => (await statusOf(person)) === 302, 5000);
      return true;
    });

    cell('Basic', async () => {
      const { login, password } = provider.account;
      const basic = (secret: string) => `Basic ${Buffer.from(`${login}:${secret}`).toString('base64')}`;
      expect((await world.askWith(basic('a-wrong-password'))).status).toBe(401);
      return (await world.askWith(basic(password))).status === 200;
    });

    cell('Bearer', async () => {
      expect((await world.askWith('Bearer not-a-token')).status).toBe(401);
      // A token of the second of a sign-out is taken for older.
      await sleep(1100);
      const { access_token } = await tokensOf(world.newPerson(), provider);
      const answer = await world.askWith(`Bearer ${access_token}`);
      if (answer.status === 200) expect(answer.username).toBe(provider.username);
      return answer.status === 200;
    });
  });
}
