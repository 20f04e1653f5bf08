import * as clients from '../lib/aws/clients.ts';
import { type Environment, onFirstCall, requireVariables } from '../lib/aws/environment.ts';
import { callersTrail } from '../lib/aws/functions.ts';
import { functionLog } from '../lib/aws/log.ts';
import { s3Store } from '../lib/aws/objects.ts';
import { readsStore } from '../lib/aws/probes.ts';
import { hasHelm, hasKubectl } from '../lib/charts/render/probes.ts';
import { renderRelease as render } from '../lib/charts/render/render.ts';
import { type RenderRequest, type RenderResponse, renderRequest } from '../lib/charts/render-request.ts';
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
  const log = functionLog('render-release', environment);
  const call = log.calls(async (event: unknown): Promise<RenderResponse> => {
    const request = renderRequest.parse(event);
    log.sum({ target: request.target, purpose: request.purpose, subject: subjectOf(request) });
    const answer = await render(request, parts);
    log.sum(summaryOf(answer));
    return answer;
  });
  return orSmoke(
    probes,
    (event): Promise<RenderResponse> => log.about(callersTrail(event), () => call(event)),
  );
};

const subjectOf = ({ subject }: RenderRequest): string =>
  subject.kind === 'release' ? `${subject.namespace}/${subject.release}` : subject.path;

/** Codes, never words: those may quote what was uploaded. */
const summaryOf = (answer: RenderResponse) =>
  answer.kind === 'rejected'
    ? { answer: answer.kind, codes: [...new Set(answer.reasons.map(({ code }) => code))] }
    : { answer: answer.kind, render: answer.render };

export const handler = onFirstCall(renderRelease);
