import { ago, agoText, chatForm, chip, element, empty, facts, pagerForm, shortCommit } from './parts.js';

// What the reader has opened and chosen outlives each update.
const opened = new Set();
const chosenForm = new Map();

const into = (id, ...nodes) => document.getElementById(id).replaceChildren(...nodes.flat());
const count = (id, title, number) =>
  into(id, title, ...(number > 0 ? [element('span', { class: 'count' }, String(number))] : []));

/** Draws a part anew only if what it shows has changed: what is focused or selected elsewhere stays so. */
const drawn = new Map();
function part(id, data, draw) {
  const now = JSON.stringify(data);
  if (drawn.get(id) === now) return;
  drawn.set(id, now);
  into(id, draw());
}

function show(state) {
  document.title = titleOf(state);
  into('installation', facts(`installation ${state.installation}`, element('code', {}, state.endpoint)));
  showCluster(state.cluster);
  part('targets', state.targets, () => state.targets.map(targetCard));
  count('deliveries-title', 'Deliveries', state.deliveries.length);
  part('deliveries', state.deliveries, () => deliveries(state));
  count('inbox-title', 'Inbox', state.inbox.length);
  part('inbox', state.inbox, () => inbox(state));
  part('activity', state.activity, () => activity(state));
}

function titleOf({ targets }) {
  const drifting = targets
    .flatMap(({ scopes }) => scopes)
    .filter(({ verdict }) => verdict === 'drift').length;
  return drifting > 0 ? `(${drifting} drifting) Fairlead` : 'Fairlead';
}

function showCluster(cluster) {
  const node = document.getElementById('cluster');
  const [tone, text] = {
    starting: () => ['busy', `Cluster: ${cluster.progress}`],
    running: () => ['good', `Kubernetes ${cluster.version}`],
    given: () => ['good', `Cluster of ${cluster.context ?? cluster.kubeconfig}`],
    unavailable: () => ['bad', `No cluster: ${cluster.reason}. ${cluster.howTo}`],
  }[cluster.kind]();
  node.className = `status ${tone}`;
  node.textContent = text;
}

function targetCard(target) {
  // The target as a whole is worth a row only when something is to be said of it.
  const scopes = target.scopes.filter(({ scope, verdict }) => scope !== 'target' || verdict !== 'in-sync');
  return element(
    'article',
    { class: 'card', 'data-target': target.name },
    element(
      'div',
      { class: 'top' },
      element('h3', {}, target.name),
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
      : element('ul', { class: 'rows' }, ...scopes.map(scopeRow)),
  );
}

function scopeRow(scope) {
  const words =
    scope.verdict === 'drift'
      ? `drift: ${scope.findings}`
      : scope.verdict === 'in-sync' && scope.unready > 0
        ? 'in sync, not ready'
        : undefined;
  const name = { manifests: 'manifests', target: 'the target' }[scope.scope] ?? scope.scope;
  return element(
    'li',
    { class: 'row', 'data-scope': scope.scope, 'data-verdict': scope.verdict },
    element('span', { class: 'title' }, name),
    chip(scope.verdict, words),
    element(
      'span',
      { class: 'more' },
      facts(
        scope.chart && `${scope.chart.name} ${scope.chart.version}`,
        shortCommit(scope.commit),
        scope.verdict !== 'in-sync' && scope.reason,
      ),
    ),
  );
}

/** A `details` whose state survives updates. */
function fold(name, attributes, summary, content) {
  const made = element('details', { ...attributes, open: opened.has(name) }, element('summary', {}, summary));
  const fill = () => {
    if (made.open && made.childElementCount === 1) made.append(content());
  };
  fill();
  made.addEventListener('toggle', () => {
    if (made.open) opened.add(name);
    else opened.delete(name);
    fill();
  });
  return made;
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

function inbox({ inbox: all, targets }) {
  if (all.length === 0) {
    return empty(
      'No alert yet. Change something in the cluster that Git declares, and one comes:',
      `npx fairlead kubectl -n ${targets[0]?.namespaces[0] ?? 'NAMESPACE'} edit deployment`,
    );
  }
  return element('div', { class: 'card' }, element('ul', { class: 'rows' }, ...all.map(alertItem)));
}

const FORM_NAMES = { email: 'Email', pager: 'Pager', chat: 'Chat', event: 'Event' };

function alertItem(alert) {
  const name = `${alert.incident}#${alert.sequence}`;
  const row = element(
    'div',
    { class: 'row' },
    element('span', { class: 'title' }, titleOfAlert(alert)),
    chip(alert.kind),
    element('span', { class: 'more' }, facts(ago(alert.at), alert.severity)),
  );
  return element(
    'li',
    { class: `alert ${alert.severity}`, 'data-kind': alert.kind, 'data-incident': alert.incident },
    fold(name, {}, row, () => formsOf(alert, name)),
  );
}

/** The email's subject without its mark; what people get no email of has its headline. */
function titleOfAlert({ forms, target, scope, kind }) {
  const subject = forms.email?.subject ?? forms.chat?.subject;
  if (subject !== undefined) return subject.replace(/^\[[a-z-]+(, [a-z]+)?\] /, '');
  try {
    return `${target} ${scope}: ${JSON.parse(forms.event.body).headline}`;
  } catch {
    return `${target} ${scope}: ${kind}`;
  }
}

function formsOf(alert, name) {
  const there = Object.keys(FORM_NAMES).filter((form) => alert.forms[form] !== undefined);
  const chosen = there.includes(chosenForm.get(name)) ? chosenForm.get(name) : there[0];
  const panel = element('div', { class: 'form', role: 'tabpanel' });
  const tabs = there.map((form) =>
    element(
      'button',
      {
        type: 'button',
        role: 'tab',
        'data-form': form,
        onclick: () => {
          chosenForm.set(name, form);
          choose(form);
        },
      },
      FORM_NAMES[form],
    ),
  );
  function choose(form) {
    for (const tab of tabs) tab.setAttribute('aria-selected', String(tab.dataset.form === form));
    panel.replaceChildren(formView(form, alert.forms[form]));
  }
  choose(chosen);
  return element('div', {}, element('div', { class: 'tabs', role: 'tablist' }, ...tabs), panel);
}

function formView(form, { subject, body }) {
  try {
    if (form === 'chat') return chatForm(body);
    if (form === 'pager') {
      return element('div', {}, element('p', { class: 'subject' }, subject), pagerForm(body));
    }
  } catch {
    // Not what it should be: shown as it is.
  }
  return element('div', {}, element('p', { class: 'subject' }, subject), element('pre', {}, body));
}

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

const lost = document.getElementById('lost');
const events = new EventSource('/events');
events.onmessage = ({ data }) => {
  lost.hidden = true;
  show(JSON.parse(data));
};
events.onerror = () => {
  lost.hidden = false;
  lost.textContent =
    'The connection is lost. If Fairlead was started again, open the address that it printed.';
};
setInterval(() => {
  for (const node of document.querySelectorAll('time')) node.textContent = agoText(node.dateTime);
}, 1000);
