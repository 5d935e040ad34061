import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from './processes.ts';

interface KeyPair {
  cert: string;
  key: string;
}

/** Paths of PEM files: the authority, the server's pair (127.0.0.1 and localhost) and a client's pair. */
export interface Certificates {
  ca: string;
  server: KeyPair;
  client: KeyPair;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes a throw-away authority and two certificates, valid for two days, in `folder`. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const openssl = (...args: string[]) => runTool('openssl', args, folder);
  const ca = { cert: join(folder, 'ca.crt'), key: join(folder, 'ca.key') };
  const extensions = join(folder, 'extensions.cnf');
  await writeFile(extensions, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  await openssl(
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=ratelimit test authority'],
    ...['-keyout', ca.key, '-out', ca.cert],
  );

  const sign = async (name: string): Promise<KeyPair> => {
    const pair = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
    const request = join(folder, `${name}.csr`);
    await openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', pair.key, '-out', request);
    await openssl(
      ...['x509', '-req', '-in', request, '-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial'],
      ...['-days', '2', '-extfile', extensions, '-out', pair.cert],
    );
    return pair;
  };

  return { ca: ca.cert, server: await sign('server'), client: await sign('client') };
}
