import * as clients from '../lib/aws/clients.ts';
import { type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { readsStore } from '../lib/aws/probes.ts';
import { hasHelm, hasKubectl } from '../lib/charts/render/probes.ts';
import { renderRelease as render } from '../lib/charts/render/render.ts';
import { type RenderResponse, renderRequest } from '../lib/charts/render-request.ts';
import { orSmoke } from '../lib/messages/smoke.ts';

/** Renders what a commit would hold or holds: called by `deliver-uploads` and `read-desired`, with references only. */
export const renderRelease = (environment: Environment) => {
  const { contentBucket, stateBucket, tools, scratch } = requireVariables(
    environment,
    'contentBucket',
    'stateBucket',
    'tools',
    'scratch',
  );
  const s3 = clients.s3(environment);
  const parts = { content: s3Store(s3, contentBucket), state: s3Store(s3, stateBucket), tools, scratch };
  const probes = {
    content: readsStore(parts.content, 'trees/'),
    state: readsStore(parts.state, 'renders/'),
    helm: hasHelm(parts),
    kubectl: hasKubectl(parts),
  };
  return orSmoke(probes, async (event): Promise<RenderResponse> => render(renderRequest.parse(event), parts));
};

export const handler = onFirstCall(renderRelease);
