import { fileTrouble, hasControl, quotePath } from '../values/text.ts';
import { notAFile, readStart } from './files.ts';
import { Secret } from './types.ts';

/** Resolves with the first `limit + 1` bytes of a file or fewer; rejects with the error of the system. */
export type ReadFile = (path: string, limit: number) => Promise<Uint8Array>;

const MAX_SECRET = 64 * 1024;
/** A bundle of all public certificate authorities has about 250 kB. */
const MAX_PEM = 1024 * 1024;

/** Reads the files that the configuration names; what is wrong with one goes to `problem`, as a sentence. */
export interface SecretReader {
  /**
   * The content without one trailing line break.
   * @returns null when there is no `file`, or when it cannot be used
   */
  secret(file: string | undefined, where: string, kind?: 'token'): Promise<Secret | null>;
  /** The PEM text of a certificate, a bundle of them, or a key; null as above. */
  pem(file: string | undefined, where: string): Promise<string | null>;
}

/** @param problem is called with the sentence for each file that cannot be used: where, which file, why */
export function secretReader(read: ReadFile, problem: (sentence: string) => void): SecretReader {
  async function text(file: string, where: string, limit: number): Promise<string | null> {
    const refuse = (why: string) => {
      problem(`${where}: cannot use the file ${quotePath(file)}: ${why}`);
      return null;
    };
    try {
      const bytes = await read(file, limit);
      if (bytes.length > limit) return refuse(`it is over ${limit / 1024} kB`);
      const content = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return content.replace(/\r?\n$/, '') === '' ? refuse('it is empty') : content;
    } catch (error) {
      return refuse(fileTrouble(error));
    }
  }

  return {
    async secret(file, where, kind) {
      if (file === undefined) return null;
      const content = await text(file, where, MAX_SECRET);
      if (content === null) return null;
      const value = content.replace(/\r?\n$/, '');
      const trouble = kind === 'token' ? tokenTrouble(value) : secretTrouble(value);
      if (trouble === null) return new Secret(value);
      problem(`${where}: cannot use the file ${quotePath(file)}: ${trouble}`);
      return null;
    },
    async pem(file, where) {
      if (file === undefined) return null;
      const content = await text(file, where, MAX_PEM);
      if (content === null || content.includes('-----BEGIN ')) return content;
      problem(`${where}: cannot use the file ${quotePath(file)}: it is not PEM text (-----BEGIN ...)`);
      return null;
    },
  };
}

function secretTrouble(value: string): string | null {
  return hasControl(value) ? 'it holds a line break or another control character' : null;
}

/** Why a token cannot be sent in an HTTP header, or null. The token itself is never part of the answer. */
export function tokenTrouble(value: string): string | null {
  if (hasControl(value)) return secretTrouble(value);
  return /^[\x21-\x7e]+$/.test(value) ? null : 'it holds a space or a character that is not ASCII';
}

/**
 * The token that a file holds by now. What is no file (a pipe tells it once) or cannot be used at this moment (it may
 * just be written) leaves the one that is known: whether that still counts is for the server to say.
 */
export async function tokenNow(file: string, known: Secret): Promise<Secret> {
  if ((await notAFile(file)) !== null) return known;
  return (await secretReader(readStart, () => {}).secret(file, file, 'token')) ?? known;
}
