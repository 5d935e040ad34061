/** One reply of the Redis protocol (RESP2). */
export type Reply = string | number | null | Reply[] | Error;
export type Command = readonly (string | Buffer)[];

const CRLF = '\r\n';

/** Encodes commands into chunks of roughly 64 KiB. */
export function* encode(commands: Iterable<Command>, onCommand: () => void): Generator<Buffer> {
  let text = '';
  let parts: Buffer[] = [];
  const flush = () => {
    const chunk = Buffer.concat([...parts, Buffer.from(text)]);
    text = '';
    parts = [];
    return chunk;
  };
  for (const command of commands) {
    onCommand();
    text += `*${command.length}${CRLF}`;
    for (const argument of command) {
      text += `$${Buffer.byteLength(argument)}${CRLF}`;
      if (typeof argument === 'string') {
        text += argument + CRLF;
      } else {
        parts.push(Buffer.from(text), argument);
        text = CRLF;
      }
    }
    if (text.length > 65_536 || parts.length > 512) yield flush();
  }
  if (text !== '') yield flush();
}

/** Cuts a stream of bytes into replies; keeps what is incomplete for the next chunk. */
export class ReplyReader {
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;

  push(chunk: Buffer): Reply[] {
    this.#buffer = Buffer.concat([this.#buffer.subarray(this.#at), chunk]);
    this.#at = 0;
    const replies: Reply[] = [];
    for (;;) {
      const start = this.#at;
      const reply = this.#read();
      if (reply === undefined) {
        this.#at = start;
        return replies;
      }
      replies.push(reply);
    }
  }

  #read(): Reply | undefined {
    const end = this.#buffer.indexOf(CRLF, this.#at, 'latin1');
    if (end === -1) return undefined;
    const type = this.#buffer[this.#at];
    const rest = this.#buffer.toString('utf8', this.#at + 1, end);
    this.#at = end + 2;
    switch (type) {
      case 0x2b: // +
        return rest;
      case 0x2d: // -
        return new Error(rest);
      case 0x3a: // :
        return Number(rest);
      case 0x24: // $
        return this.#bulk(Number(rest));
      case 0x2a: // *
        return this.#array(Number(rest));
      default:
        throw new Error(`not a Redis reply: ${JSON.stringify(rest.slice(0, 80))}`);
    }
  }

  #bulk(length: number): string | null | undefined {
    if (length < 0) return null;
    const end = this.#at + length;
    if (this.#buffer.length < end + 2) return undefined;
    const text = this.#buffer.toString('utf8', this.#at, end);
    this.#at = end + 2;
    return text;
  }

  #array(length: number): Reply[] | null | undefined {
    if (length < 0) return null;
    const items: Reply[] = [];
    for (let index = 0; index < length; index += 1) {
      const item = this.#read();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}
