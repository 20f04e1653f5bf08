import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import { openAuthority } from '../../../local/control-plane/pki.ts';

/** One operation of a JSON patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}

/** What a mutating webhook makes of an object that is being written. */
export type Mutation = (object: Readonly<Record<string, unknown>>) => readonly PatchOperation[];

/** A mutating admission webhook of this machine, over HTTPS and with an authority of its own. */
export interface Webhook {
  /** How often the API server has called it. */
  readonly calls: number;
  /** What it does from now on. */
  mutation: Mutation;
  /** A configuration with which an API server calls it, for workloads alone. */
  configuration(name: string): object;
  stop(): Promise<void>;
}

const review = z.object({
  request: z.object({ uid: z.string(), object: z.record(z.string(), z.unknown()) }),
});

/** @param folder where its keys lie; the caller's, who removes it */
export async function startWebhook(folder: string, mutation: Mutation): Promise<Webhook> {
  const authority = await openAuthority(join(folder, 'webhook'), 'webhook');
  const { certificate, key } = await authority.server();
  const server = createServer({ cert: certificate, key }, (incoming, answer) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const { request } = review.parse(JSON.parse(Buffer.concat(parts).toString('utf8')));
      webhook.calls++;
      const patch = webhook.mutation(request.object);
      const response = {
        uid: request.uid,
        allowed: true,
        ...(patch.length === 0
          ? {}
          : {
              patchType: 'JSONPatch',
              patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
            }),
      };
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const webhook = {
    calls: 0,
    mutation,
    configuration: (name: string) => ({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name },
      webhooks: [
        {
          name: `${name}.fairlead.test`,
          clientConfig: {
            url: `https://127.0.0.1:${port}/mutate`,
            caBundle: Buffer.from(authority.certificate).toString('base64'),
          },
          rules: [
            {
              apiGroups: ['apps', 'batch'],
              apiVersions: ['*'],
              operations: ['CREATE', 'UPDATE'],
              resources: ['deployments', 'statefulsets', 'daemonsets', 'cronjobs'],
            },
          ],
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          reinvocationPolicy: 'IfNeeded',
        },
      ],
    }),
    async stop(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return webhook;
}
