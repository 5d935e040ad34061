/** An error as Redis answers it; the connection lives on. */
export class RedisError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** What Redis answers (RESP2): a text is a status such as OK, bytes are a bulk string, null is nothing. */
export type Reply = string | number | Buffer | null | RedisError | readonly Reply[];

const CRLF = '\r\n';

/** A reply as the bytes of the protocol. */
export function encodeReply(reply: Reply): Buffer {
  const chunks: Buffer[] = [];
  const add = (one: Reply) => {
    if (one === null) chunks.push(Buffer.from(`$-1${CRLF}`));
    else if (typeof one === 'number') chunks.push(Buffer.from(`:${one}${CRLF}`));
    else if (typeof one === 'string') chunks.push(Buffer.from(`+${one}${CRLF}`));
    else if (one instanceof RedisError) chunks.push(Buffer.from(`-${one.message}${CRLF}`));
    else if (Buffer.isBuffer(one)) chunks.push(Buffer.from(`$${one.length}${CRLF}`), one, Buffer.from(CRLF));
    else {
      const items = one as readonly Reply[];
      chunks.push(Buffer.from(`*${items.length}${CRLF}`));
      items.forEach(add);
    }
  };
  add(reply);
  return Buffer.concat(chunks);
}

/** What does not speak the protocol is hung up on. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

const MAX_WORDS = 1_048_576;
const MAX_BYTES = 8 * 1024 * 1024;

/** Cuts a stream of bytes into commands, a list of words each; keeps what is incomplete for the next chunk. */
export class Commands {
  #bytes: Buffer = Buffer.alloc(0);

  /** @throws ProtocolError */
  push(chunk: Buffer): Buffer[][] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const commands: Buffer[][] = [];
    let at = 0;
    for (let next = this.#command(at); next !== null; next = this.#command(at)) {
      commands.push(next.words);
      at = next.end;
    }
    this.#bytes = this.#bytes.subarray(at);
    if (this.#bytes.length > MAX_BYTES) throw new ProtocolError('too big a command');
    return commands;
  }

  /** The command that starts there; null: it is not whole yet. */
  #command(start: number): { words: Buffer[]; end: number } | null {
    const head = this.#number('*', start);
    if (head === null) return null;
    if (head.value > MAX_WORDS) throw new ProtocolError('invalid multibulk length');
    const words: Buffer[] = [];
    let at = head.end;
    while (words.length < head.value) {
      const length = this.#number('$', at);
      if (length === null) return null;
      if (length.value > MAX_BYTES) throw new ProtocolError('invalid bulk length');
      const end = length.end + length.value;
      if (this.#bytes.length < end + CRLF.length) return null;
      words.push(this.#bytes.subarray(length.end, end));
      at = end + CRLF.length;
    }
    return { words, end: at };
  }

  #number(mark: string, at: number): { value: number; end: number } | null {
    if (at >= this.#bytes.length) return null;
    const end = this.#bytes.indexOf(CRLF, at, 'latin1');
    const line = this.#bytes.toString('latin1', at, end < 0 ? Math.min(at + 32, this.#bytes.length) : end);
    if (!line.startsWith(mark)) throw new ProtocolError(`expected '${mark}', got '${line.slice(0, 1)}'`);
    if (end < 0) {
      if (line.length > 16) throw new ProtocolError('a length without an end');
      return null;
    }
    if (!/^.\d{1,9}$/s.test(line)) throw new ProtocolError('invalid length');
    return { value: Number(line.slice(1)), end: end + CRLF.length };
  }
}
