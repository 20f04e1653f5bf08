import { inbox } from './inbox.js';
import { closedIncidents, openIncidents } from './incidents.js';
import {
  ago,
  agoText,
  chip,
  draw,
  element,
  empty,
  facts,
  fold,
  freezeMark,
  shortCommit,
  snoozeMark,
} from './parts.js';
import { releaseHistory } from './release-history.js';

const byId = (id) => document.getElementById(id);
const into = (id, ...nodes) => byId(id).replaceChildren(...nodes);
const count = (id, title, number) =>
  into(id, title, ...(number > 0 ? [element('span', { class: 'count' }, String(number))] : []));

/** Draws a part anew only if what it shows has changed: what is focused or selected elsewhere stays so. */
const drawn = new Map();
function part(id, data, make) {
  const now = JSON.stringify(data);
  if (drawn.get(id) === now) return;
  drawn.set(id, now);
  draw(byId(id), make);
}

function show(state) {
  document.title = titleOf(state);
  into(
    'installation',
    facts(`installation ${state.installation}`, state.endpoint && element('code', {}, state.endpoint)),
  );
  part('problems', state.problems ?? [], () =>
    (state.problems ?? []).map((text) => element('p', { class: 'banner' }, text)),
  );
  if (state.cluster !== undefined) showCluster(state.cluster);
  showIncidents(state);
  part('targets', [state.targets, state.deliveries, state.incidents], () => targets(state));
  count('deliveries-title', 'Deliveries', state.deliveries.length);
  part('deliveries', state.deliveries, () => deliveries(state));
  // What follows, an installation in AWS has not: its people have their own inboxes.
  byId('inbox-section').hidden = state.inbox === undefined;
  if (state.inbox !== undefined) {
    count('inbox-title', 'Inbox', state.inbox.length);
    part('inbox', state.inbox, () => inbox(state));
  }
  byId('activity-section').hidden = state.activity === undefined;
  if (state.activity !== undefined) part('activity', state.activity, () => activity(state));
}

function showIncidents({ incidents, targets }) {
  const open = incidents.filter(({ state }) => state === 'open');
  const closed = incidents.filter(({ state }) => state !== 'open');
  count('incidents-title', 'Open incidents', open.length);
  const isChecked = targets.some(({ checkedAt }) => checkedAt !== undefined);
  part('incidents', [open, isChecked], () => openIncidents(open, isChecked));
  byId('closed-section').hidden = closed.length === 0;
  part('closed', closed, () => closedIncidents(closed));
}

function titleOf({ targets, incidents }) {
  const open = incidents.filter(({ state }) => state === 'open').length;
  if (open > 0) return `(${open} open) Fairlead`;
  const drifting = targets
    .flatMap(({ scopes }) => scopes)
    .filter(({ verdict }) => verdict === 'drift').length;
  return drifting > 0 ? `(${drifting} drifting) Fairlead` : 'Fairlead';
}

function showCluster(cluster) {
  const node = byId('cluster');
  node.hidden = false;
  const [tone, text] = {
    starting: () => ['busy', `Cluster: ${cluster.progress}`],
    running: () => ['good', `Kubernetes ${cluster.version}`],
    given: () => ['good', `Cluster of ${cluster.context ?? cluster.kubeconfig}`],
    unavailable: () => ['bad', `No cluster: ${cluster.reason}. ${cluster.howTo}`],
  }[cluster.kind]();
  node.className = `status ${tone}`;
  node.textContent = text;
}

function targets({ targets: all, ...state }) {
  if (all.length === 0) return empty('No target yet: the first reading of its repository names it here.');
  return all.map((target) => targetCard(target, state));
}

function targetCard(target, state) {
  // The target as a whole is worth a row only when something is to be said of it.
  const scopes = target.scopes.filter(({ scope, verdict }) => scope !== 'target' || verdict !== 'in-sync');
  return element(
    'article',
    { class: 'card', 'data-target': target.name },
    element(
      'div',
      { class: 'top' },
      element('h3', {}, target.name),
      target.snooze && snoozeMark(target.snooze),
      target.freeze && freezeMark(target.freeze),
      facts(`${target.repository}, ${target.branch}`, shortCommit(target.commit), target.deployer),
      element('span', { class: 'spread' }),
      element(
        'span',
        { class: 'quiet' },
        ...(target.checkedAt ? ['checked ', ago(target.checkedAt)] : ['not checked yet']),
      ),
    ),
    scopes.length === 0
      ? element('p', { class: 'empty' }, 'No release yet.')
      : element('ul', { class: 'rows' }, ...scopes.map((scope) => scopeRow(scope, target, state))),
  );
}

function scopeRow(scope, target, state) {
  const words =
    scope.verdict === 'drift'
      ? `drift: ${scope.findings}`
      : scope.verdict === 'in-sync' && scope.unready > 0
        ? 'in sync, not ready'
        : undefined;
  const name = { manifests: 'manifests', target: 'the target' }[scope.scope] ?? scope.scope;
  const attributes = { 'data-scope': scope.scope, 'data-verdict': scope.verdict };
  const row = element(
    'div',
    { class: 'row' },
    element('span', { class: 'title' }, name),
    chip(scope.verdict, words),
    element(
      'span',
      { class: 'more' },
      facts(
        scope.chart && `${scope.chart.name} ${scope.chart.version}`,
        shortCommit(scope.commit),
        scope.verdict !== 'in-sync' && scope.reason,
        scope.snooze && snoozeMark(scope.snooze),
        scope.freeze && freezeMark(scope.freeze),
      ),
    ),
  );
  if (!scope.scope.includes('/')) return element('li', attributes, row);
  const content = () => releaseHistory(target.name, scope.scope, state);
  return element('li', attributes, fold(`history ${target.name}/${scope.scope}`, {}, row, content));
}

function deliveries({ deliveries: all, bucket, targets }) {
  if (all.length === 0) {
    const [target] = targets;
    return empty(
      'Nothing was uploaded yet. Try:',
      `npx fairlead upload NAME-VERSION.tgz ${target?.name ?? 'TARGET'}/${target?.namespaces[0] ?? 'NAMESPACE'}/NAME/ --wait`,
    );
  }
  return element(
    'div',
    { class: 'card' },
    element('ul', { class: 'rows' }, ...all.map((each) => deliveryRow(each, bucket))),
  );
}

function deliveryRow(delivery, bucket) {
  const row = element(
    'div',
    { class: 'row' },
    element('span', { class: 'title' }, delivery.key),
    chip(delivery.state),
    element(
      'span',
      { class: 'more' },
      facts(
        ago(delivery.endedAt ?? delivery.receivedAt),
        delivery.commit && element('span', {}, 'commit ', shortCommit(delivery.commit)),
        delivery.change === 'unchanged' && 'Git had it already',
        delivery.change === 'edited' && 'edited by a reviewer',
        delivery.proposal && proposalLink(delivery.proposal),
        delivery.by && element('span', { title: delivery.by }, 'a newer one went first'),
        counted(delivery.reasons.length, 'reason'),
        counted(delivery.warnings.length, 'warning'),
        delivery.replays > 0 && `taken again${delivery.replays > 1 ? ` ${delivery.replays} times` : ''}`,
      ),
    ),
  );
  const attributes = { 'data-key': delivery.key, 'data-state': delivery.state };
  const told = [...delivery.reasons, ...delivery.warnings];
  if (told.length === 0) return element('li', attributes, row);
  const content = () =>
    element(
      'div',
      {},
      element('ul', { class: 'reasons' }, ...told.map(reasonItem)),
      (delivery.state === 'rejected' || delivery.state === 'failed') &&
        element(
          'p',
          { class: 'quiet again' },
          'Once that is mended: ',
          element('code', {}, `npx fairlead replay ${shellWord(delivery.key)}`),
        ),
    );
  return element('li', attributes, fold(`${bucket}/${delivery.key}/${delivery.versionId}`, {}, row, content));
}

/** An address that somebody's host gave: a link only where it is one of the web. */
const proposalLink = (url) =>
  /^https?:\/\//.test(url) ? element('a', { href: url, rel: 'noreferrer' }, 'pull request') : url;

const counted = (number, what) => number > 0 && `${number} ${what}${number === 1 ? '' : 's'}`;

/** Keys are whatever somebody uploaded: one that is more than plain words is quoted whole. */
const shellWord = (text) =>
  /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

const reasonItem = (reason) =>
  element(
    'li',
    {},
    element('p', {}, reason.message),
    reason.place && element('p', { class: 'place' }, reason.place),
    reason.excerpt && element('pre', { class: 'excerpt' }, reason.excerpt),
    element('p', { class: 'quiet' }, reason.whatToDo),
  );

function activity({ activity: all }) {
  if (all.length === 0) return empty('Nothing yet.');
  const row = ({ part, text, at, kind }) =>
    element(
      'li',
      { class: 'row' },
      element('span', {}, text),
      kind === 'failed' && chip('failed'),
      element('span', { class: 'more' }, facts(part, ago(at))),
    );
  return element('div', { class: 'card' }, element('ul', { class: 'rows' }, ...all.slice(0, 8).map(row)));
}

const lost = byId('lost');
const events = new EventSource('/events');
events.onmessage = ({ data }) => {
  lost.hidden = true;
  show(JSON.parse(data));
};
events.onerror = () => {
  lost.hidden = false;
  lost.textContent =
    'The connection is lost: what stands here is not how things are now. If Fairlead was started again, open the address that it printed.';
};
setInterval(() => {
  for (const node of document.querySelectorAll('time')) node.textContent = agoText(node.dateTime);
}, 1000);
