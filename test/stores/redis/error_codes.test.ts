import { ErrorReply } from '@redis/client';
import { expect, test } from 'vitest';
import { withoutSecrets } from '../../../src/stores/redis/error_codes.ts';

// Attack: a server or proxy repeats the command that it does not know, with the password, and the log has it.
test.each([
  ["ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'sesame-open'", 'ERR unknown command'],
  ['unknown command sesame-open', 'unknown command …'],
  ['ERR sesame-open? no sesame-open', 'ERR …? no …'],
  ['ERR of the sentinel: other-word', 'ERR of the sentinel: …'],
])('%s', (reply, expected) => {
  for (const error of [new ErrorReply(reply), new Error(reply)]) {
    const { message } = withoutSecrets(error, ['sesame-open', undefined, '', 'other-word']) as Error;
    expect(message).not.toMatch(/sesame-open|other-word/);
    if (error instanceof ErrorReply) expect(message).toContain(expected);
  }
});
