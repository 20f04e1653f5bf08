import { ago, chip, element, facts, shortCommit } from './parts.js';

/** Lines of one release. */
const SHOWN = 12;

/**
 * What the page has of one release, the newest first: deliveries and incidents together; the command that has all of
 * it, from Git too.
 */
export function releaseHistory(target, scope, { deliveries, incidents }) {
  const mine = [
    ...deliveries
      .filter(({ key }) => key.startsWith(`${target}/${scope}/`))
      .map((each) => ({ at: each.endedAt ?? each.receivedAt, row: deliveryLine(each) })),
    ...incidents
      .filter((each) => each.target === target && each.scope === scope)
      .map((each) => ({ at: each.closedAt ?? each.since ?? '', row: incidentLine(each) })),
  ].sort((a, b) => (a.at < b.at ? 1 : -1));
  return element(
    'div',
    { class: 'history' },
    element('ul', { class: 'rows' }, ...mine.slice(0, SHOWN).map(({ row }) => row)),
    element(
      'p',
      { class: 'quiet' },
      mine.length === 0 ? 'Nothing of the last days. All of it, with Git: ' : 'All of it, with Git: ',
      element('code', {}, `npx fairlead history ${target} ${scope}`),
    ),
  );
}

const deliveryLine = ({ key, state, commit, endedAt, receivedAt }) =>
  line(state, key.split('/').slice(3).join('/'), shortCommit(commit), ago(endedAt ?? receivedAt));

const incidentLine = ({ class: of, state, severity, headline, closedAt, since }) =>
  line(
    state === 'open' ? severity : 'converged',
    `${of}${state === 'open' ? '' : ', closed'}`,
    headline,
    (closedAt ?? since) && ago(closedAt ?? since),
  );

const line = (state, title, ...more) =>
  element(
    'li',
    {},
    element(
      'div',
      { class: 'row' },
      element('span', { class: 'title' }, title),
      chip(state),
      element('span', { class: 'more' }, facts(...more)),
    ),
  );
