import { writeFile } from 'node:fs/promises';
import type { Certificate } from './pki.ts';

/** Writes a kubeconfig (JSON, which is YAML) that holds all that it needs, readable by its owner alone. */
export async function writeKubeconfig(
  file: string,
  server: string,
  authority: string,
  user: { readonly name: string } & Certificate,
): Promise<void> {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'fairlead', cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [
      {
        name: user.name,
        user: {
          'client-certificate-data': base64(user.certificate),
          'client-key-data': base64(user.key),
        },
      },
    ],
    contexts: [{ name: 'fairlead', context: { cluster: 'fairlead', user: user.name } }],
    'current-context': 'fairlead',
  };
  await writeFile(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}
