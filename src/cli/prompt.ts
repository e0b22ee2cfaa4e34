/** Questions on a terminal. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

export interface Prompt {
  /**
   * Resolves with the line that was typed, without white space at its ends.
   * @param options `hidden`: what is typed is not shown
   * @throws PromptClosed
   */
  ask(question: string, options?: { hidden?: boolean }): Promise<string>;
  close(): void;
}

/** The person has ended the input: Ctrl-C, Ctrl-D. */
export class PromptClosed extends Error {}

/** @param input a terminal, as Node gives it */
export function createPrompt(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Prompt {
  let hidden = false;
  // Attack: a client secret that is echoed stays in the scrollback of the terminal and on the screen that others see.
  const echo = new Writable({
    write(chunk, _encoding, done) {
      if (!hidden) output.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input, output: echo, terminal: true });
  // Lines may come before they are asked for: somebody has pasted all answers at once.
  const typed: string[] = [];
  let wake = () => {};
  let isClosed = false;
  lines.on('line', (line) => {
    typed.push(line);
    wake();
  });
  lines.once('close', () => {
    isClosed = true;
    wake();
  });
  return {
    async ask(question, options = {}) {
      lines.setPrompt(question);
      lines.prompt();
      // The question itself has been written by now.
      hidden = options.hidden === true;
      while (typed.length === 0 && !isClosed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (hidden) output.write('\n');
      hidden = false;
      const line = typed.shift();
      if (line === undefined) throw new PromptClosed('the input has ended');
      return line.trim();
    },
    close: () => lines.close(),
  };
}
