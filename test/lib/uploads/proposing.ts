import type { TestContext } from 'node:test';
import { parseConfig } from '../../../lib/config/config.ts';
import type { ObjectCreated } from '../../../lib/messages/messages.ts';
import { proposalHostOf } from '../../../lib/proposals/hosts.ts';
import { gitHubServer } from '../../proposals/servers.ts';
import { chartPackage, pipeline } from './pipeline.ts';

type PipelineOptions = NonNullable<Parameters<typeof pipeline>[0]>;

/** The pipeline with a target whose uploads are proposed, over a GitHub of the tests and its real Git. */
export async function proposing(context: TestContext, options: PipelineOptions = {}) {
  const pipe = await pipeline(options);
  const host = await gitHubServer({ bare: pipe.git.bare });
  context.after(async () => {
    await host.stop();
    await pipe.stop();
  });
  pipe.secrets.set('api', host.token);
  const { config } = pipe.parts;
  const delivery = {
    kind: 'pull-request',
    host: { kind: 'github', api: host.api, project: host.project },
    labels: ['deploy'],
    apiCredential: { secret: 'api' },
  } as const;
  const targets = config.targets.map((target) => ({
    ...target,
    delivery: { ...delivery, labels: [...delivery.labels] },
  }));
  const parts = {
    ...pipe.parts,
    config: { ...config, targets },
    proposals: (
      settings: Parameters<typeof proposalHostOf>[0],
      url: string,
      outward: Parameters<typeof proposalHostOf>[2]['outward'],
    ) =>
      proposalHostOf(settings, url, {
        secrets: pipe.parts.secrets,
        now: pipe.parts.now,
        outward,
        environment: {},
      }),
  };
  const proposals = {
    ...pipe,
    parts,
    host,
    receive: (event: ObjectCreated) => pipe.receive(event, parts),
    deliver: () => pipe.deliver(parts),
    /** Until the host is asked again. */
    async poll() {
      pipe.later(301);
      return pipe.deliver(parts);
    },
    async upload(key: string, body: Buffer | string, metadata: Record<string, string> = {}) {
      const event = pipe.put(key, body, metadata);
      await proposals.receive(event);
      await proposals.deliver();
      return event;
    },
    async chart(version: string, files: Readonly<Record<string, string>> = {}, release = 'web') {
      const bytes = await chartPackage('web', version, files);
      return proposals.upload(`staging/shop/${release}/web-${version}.tgz`, bytes);
    },
    async state(event: ObjectCreated) {
      return (await pipe.record(event))?.state;
    },
    open: () => host.kept.all().filter(({ state }) => state === 'open'),
    waiting: () => pipe.open(),
    /** The configuration as it would be written. */
    valid: () => parseConfig({ repositories: config.repositories, targets: config.targets }),
  };
  return proposals;
}
