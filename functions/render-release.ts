import * as clients from '../lib/aws/clients.ts';
import { type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { renderRelease as render } from '../lib/charts/render/render.ts';
import { type RenderResponse, renderRequest } from '../lib/charts/render-request.ts';

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
  return async (event: unknown): Promise<RenderResponse> => render(renderRequest.parse(event), parts);
};

export const handler = onFirstCall(renderRelease);
