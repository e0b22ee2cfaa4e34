/**
 * A text as a header value: UTF-8 bytes, as Go sends them, in the latin1 characters that Node writes byte by byte
 * (Node refuses characters above U+00FF). Control characters become a space.
 * Attack: a line break in a claim would begin a header of the user's own choice.
 */
export function headerValue(text: string): string {
  if (plain.test(text)) return text;
  return Buffer.from(text.replace(controls, ' '), 'utf8').toString('latin1');
}

const plain = /^[\x20-\x7e]*$/;
const controls = /[\0-\x1f\x7f]/g;
