/** What the real server would refuse, or what an outpost must not do; a test that leaves any behind fails. */

export class Violations {
  readonly list: string[] = [];

  add(text: string): void {
    this.list.push(text);
  }

  /** Gives what there was and forgets it: for tests of the double itself. */
  take(): string[] {
    return this.list.splice(0);
  }

  /** Throws when there is any. */
  assertNone(): void {
    if (this.list.length === 0) return;
    const lines = [...new Set(this.list)].map((one) => `- ${one}`);
    throw new Error(`authentik would not take this:\n${lines.join('\n')}`);
  }
}
