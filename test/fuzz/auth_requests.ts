/** Target: auth requests in all dialects. Nobody gets in where the contract does not say so, and every answer is one that it knows. */
import { headerOf } from './connection.ts';
import { judge, judgeLines } from './judge.ts';
import type { Credential } from './people.ts';
import { questions, render } from './questions.ts';
import { type Target, tryAll } from './target.ts';
import type { World } from './world.ts';

async function signInAll(world: World): Promise<Credential[]> {
  return Promise.all([
    world.cookieOf('alice', 'app'),
    world.cookieOf('bob', 'app'),
    world.cookieOf('bob', 'domain'),
    world.cookieOf('alice', 'secret'),
    world.cookieOf('bob', 'secret'),
    world.cookieOf('bob', 'port'),
    world.basicOf('bob'),
  ]);
}

export const authRequests: Target = {
  name: 'auth requests',
  quickRuns: 2500,
  async run(world, amount) {
    const credentials = await signInAll(world);
    const notes = { 'let through': 0, 'with an identity': 0, 'unusable questions': 0 };
    world.takeLines();
    const inputs = await tryAll(questions(credentials), amount, async (question) => {
      const text = render(question);
      const answer = await world.ask(text);
      const wrong = [...judge(question, answer, credentials), ...judgeLines(world.takeLines(), credentials)];
      if (wrong.length > 0) throw new Error(`${wrong.join('; ')}\n${text}\n-> ${JSON.stringify(answer.headers)}`);
      if (answer.status === 200) notes['let through'] += 1;
      if (answer.status === 500) notes['unusable questions'] += 1;
      if (headerOf(answer, 'x-authentik-username')) notes['with an identity'] += 1;
    });
    return { inputs, notes };
  },
};
