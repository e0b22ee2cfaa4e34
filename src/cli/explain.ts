/** `gatepost explain`: asks the server's own auth endpoints about a request that no client has sent, and says why. */
import { checkPerson, type TypedPerson } from './explain_person.ts';
import { DIALECTS, type DialectName, readRequest, UsageError } from './explain_question.ts';
import { explanationOf } from './explain_result.ts';
import { type Answer, createExplainer } from './explain_server.ts';
import { describeAnswer } from './explain_words.ts';
import { fail } from './fail.ts';
import { EXIT_OK, EXIT_REFUSED, EXIT_USAGE, type Io } from './io.ts';
import { loadCommandConfig } from './load_config.ts';

/** The request as it was typed. */
export interface ExplainOptions extends TypedPerson {
  url: string;
  method: string;
  /** `Name: value` */
  header: readonly string[];
  clientIp?: string;
  dialect: DialectName;
  json?: boolean;
}

/** Whether the request would be let in is the exit code; what cannot be asked is wrong usage. */
export async function explainCommand(named: string | undefined, typed: ExplainOptions, io: Io): Promise<number> {
  try {
    return await explain(named, typed, io);
  } catch (error) {
    if (error instanceof UsageError) io.error(`gatepost: ${error.message}`);
    else fail(error, io);
    // Not 1: nothing was decided.
    return EXIT_USAGE;
  }
}

async function explain(named: string | undefined, typed: ExplainOptions, io: Io): Promise<number> {
  const { out } = io;
  const config = await loadCommandConfig(named, io);
  const request = readRequest(typed);
  checkPerson(typed);
  const ask = createExplainer(config);
  const answers: Answer[] = [];
  for (const dialect of DIALECTS) answers.push(await ask(request, typed, dialect));
  const answer = answers.find(({ dialect }) => dialect === typed.dialect) as Answer;
  const explanation = explanationOf(answer);
  if (typed.json) out(JSON.stringify(explanation, null, 2));
  else {
    const rows = describeAnswer(answer, answers, {
      url: request.url,
      person: typed,
      applications: config.applications,
    });
    for (const [label, value] of rows) out(`${label.padEnd(10)}${value}`);
  }
  return explanation.allowed ? EXIT_OK : EXIT_REFUSED;
}
