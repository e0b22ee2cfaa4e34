/** Why one provider is not served. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** authentik's name of the field to blame. */
  readonly field: string;
  readonly reason: string;

  /** @param reason the end of a sentence that begins with the field; it shows no value that may be secret */
  constructor(field: string, reason: string) {
    super(`${field} ${reason}`);
    this.field = field;
    this.reason = reason;
  }
}
