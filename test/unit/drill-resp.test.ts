import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeServer } from '../../src/drill/commands.ts';
import { Commands, encodeReply, ProtocolError, RedisError, type Reply } from '../../src/drill/resp.ts';
import { Store } from '../../src/drill/store.ts';
import { SCRIPT, SHA } from '../../src/remedies/compare-and-set.ts';
import { encode, type Reply as Read, ReplyReader } from '../support/resp.ts';

const bytesOf = (commands: readonly (readonly Buffer[])[]) => Buffer.concat([...encode(commands, () => {})]);

describe('the protocol', () => {
  test('commands are found whole, however the bytes arrive', () => {
    const word = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes));
    const commands = fc.array(fc.array(word, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(commands, fc.array(fc.nat(40), { maxLength: 60 }), (sent, cuts) => {
        const bytes = bytesOf(sent);
        const reader = new Commands();
        const got: Buffer[][] = [];
        let at = 0;
        for (const size of [...cuts, bytes.length]) {
          got.push(
            ...reader
              .push(bytes.subarray(at, at + size))
              .map((words) => words.map((one) => Buffer.from(one))),
          );
          at += size;
        }
        expect(got).toEqual(sent);
      }),
    );
  });

  test.each([
    'GET / HTTP/1.1\r\n',
    '*1\r\n+PING\r\n',
    '*x\r\n',
    '*-1\r\n',
    '*1\r\n$-1\r\n',
    '*1\r\n$99999999999\r\n',
    '*99999999\r\n',
    `*${'1'.repeat(100)}`,
  ])('%j is none', (text) => {
    expect(() => new Commands().push(Buffer.from(text))).toThrow(ProtocolError);
  });

  test('replies are read back as they were', () => {
    const reply: fc.Arbitrary<Reply> = fc.letrec<{ reply: Reply }>((tie) => ({
      reply: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<Reply>('OK', null, new RedisError('ERR no')),
        fc.integer(),
        fc.string().map((text) => Buffer.from(text)),
        fc.array(tie('reply'), { maxLength: 4 }),
      ),
    })).reply;
    const plain = (one: Reply): Read => {
      if (one instanceof RedisError) return new Error(one.message);
      if (Buffer.isBuffer(one)) return one.toString();
      return Array.isArray(one) ? one.map(plain) : (one as string | number | null);
    };
    fc.assert(
      fc.property(reply, (one) => {
        expect(new ReplyReader().push(encodeReply(one))).toEqual([plain(one)]);
      }),
    );
  });
});

describe('what the program does not send is an error, as of Redis', () => {
  const answer = makeServer(new Store());
  const ask = (...words: string[]) =>
    answer(
      words.map((word) => Buffer.from(word)),
      1_000,
    );

  test.each([
    [['FLUSHALL'], /^ERR unknown command 'FLUSHALL', with args beginning with: $/],
    [['config', 'get', 'a\r\nb'], /^ERR unknown command 'config', .*'get' 'a {2}b' $/],
    [['constructor'], /^ERR unknown command/],
    [['time', 'x'], /^ERR wrong number of arguments for 'time' command$/],
    [['MGET'], /^ERR wrong number of arguments for 'mget' command$/],
    [['EVAL', 'return 1', '0'], /^ERR a drill runs no other scripts$/],
    [['EVALSHA', SHA, '0'], /^NOSCRIPT/],
    [['SCAN', '0', 'MATCH', '[ab]*'], /^ERR a drill matches no sets/],
    [['SCAN', 'x'], /^ERR invalid cursor/],
    [['SCAN', '0', 'TYPE', 'hash'], /^ERR syntax error/],
    [['XADD', 's', '*', 'a', 'b'], /^ERR syntax error/],
    [['XREVRANGE', 's', '5', '-', 'COUNT', '1'], /^ERR Invalid stream ID/],
  ])('%j', (words, message) => {
    const reply = ask(...words);
    expect(reply).toBeInstanceOf(RedisError);
    expect((reply as RedisError).message).toMatch(message);
  });

  test('the script is known by its hash once it was run', () => {
    const own = makeServer(new Store());
    const run = (...words: string[]) =>
      own(
        [...words, '1', 'key', 'absent', '', '-1', '1000', 'set', 'x', 'none', '0'].map((word) =>
          Buffer.from(word),
        ),
        5,
      );
    expect(run('EVAL', SCRIPT)).toEqual([[1, Buffer.from('x'), -1, 5]]);
    expect(run('EVALSHA', SHA)).toEqual([[0, Buffer.from('x'), -1, 5]]);
  });
});
