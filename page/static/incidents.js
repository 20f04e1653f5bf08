// Incidents: what is open, what has closed, and the alerts of one in the order that they came.
import { findingGroups } from './findings.js';
import {
  ago,
  chip,
  clock,
  draw,
  element,
  empty,
  facts,
  fold,
  openBefore,
  shortCommit,
  snoozeMark,
} from './parts.js';

/** Closed ones that are shown before somebody asks for all. */
const CLOSED = 10;

// The address of an incident: #incident=KEY opens it.
const wanted = new URLSearchParams(location.hash.slice(1)).get('incident');
if (wanted !== null) openBefore(`incident ${wanted}`);
let toShow = wanted;

/** By key: the timeline as it was last read, and of which state of the incident that is. */
const timelines = new Map();

export function openIncidents(all, isChecked) {
  if (all.length === 0) {
    return isChecked
      ? empty('Nothing is open: whatever was judged is as Git says.')
      : empty('Nothing was checked yet. What differs from Git will stand here.');
  }
  return list(all);
}

export function closedIncidents(all) {
  if (all.length <= CLOSED) return list(all);
  const rest = fold('closed incidents', { class: 'card' }, element('p', { class: 'all' }, 'Older ones'), () =>
    element('ul', { class: 'rows' }, ...all.slice(CLOSED).map(incidentItem)),
  );
  return element('div', {}, list(all.slice(0, CLOSED)), rest);
}

const list = (all) =>
  element('div', { class: 'card' }, element('ul', { class: 'rows' }, ...all.map(incidentItem)));

const SCOPES = { target: 'the whole target', manifests: 'manifests' };

function incidentItem(incident) {
  const { key, state, severity, target, scope, class: of, findings, since, closedAt, snooze } = incident;
  const isOpen = state === 'open';
  const row = element(
    'div',
    { class: 'row' },
    element('span', { class: 'title' }, SCOPES[scope] ?? scope),
    chip(
      isOpen ? severity : 'converged',
      isOpen ? `${severity === 'critical' ? 'critical ' : ''}${of}` : `${of}, closed`,
    ),
    incident.headline && element('span', { class: 'more headline' }, incident.headline),
    element(
      'span',
      { class: 'more' },
      facts(
        target,
        findings > 0 && `${findings} finding${findings === 1 ? '' : 's'}`,
        since && element('span', {}, 'since ', clock(since), ', ', ago(since)),
        closedAt && ago(closedAt),
        snooze && snoozeMark(snooze),
      ),
    ),
  );
  const item = element(
    'li',
    { class: `incident ${isOpen ? severity : 'closed'}`, 'data-key': key, 'data-class': of },
    fold(`incident ${key}`, {}, row, () => timelineOf(incident)),
  );
  if (toShow === key) {
    toShow = null;
    requestAnimationFrame(() => item.scrollIntoView({ block: 'start' }));
  }
  return item;
}

/** What was read before stands there until the new is: nothing jumps while somebody reads. */
function timelineOf({ key, alerts, state }) {
  const version = `${alerts} ${state}`;
  const known = timelines.get(key);
  const place = element('div', { class: 'timeline' });
  if (known !== undefined) place.append(...timeline(known.read));
  else place.append(element('p', { class: 'quiet' }, 'Reading its alerts …'));
  if (known?.version !== version) {
    void read(key).then((found) => {
      // What could not be read, or is on its way to people, is asked for again the next time.
      const isWhole = found.problem === undefined && found.alerts.every(({ told }) => told === 'told');
      timelines.set(key, { version: isWhole ? version : undefined, read: found });
      draw(place, () => timeline(found));
    });
  }
  return place;
}

async function read(key) {
  try {
    const answer = await fetch(`/incident.json?key=${encodeURIComponent(key)}`);
    if (answer.ok) return await answer.json();
    if (answer.status !== 404)
      return { key, alerts: [], problem: `the page's server answered ${answer.status}` };
    return { key, alerts: [] };
  } catch {
    return { key, alerts: [], problem: 'the page’s server does not answer' };
  }
}

function timeline({ key, command, alerts, older, problem }) {
  if (problem !== undefined)
    return [element('p', { class: 'problem' }, `Its alerts cannot be read: ${problem}`)];
  if (alerts.length === 0) {
    return [element('p', { class: 'quiet' }, 'Nothing is kept of its alerts: reports go after a while.')];
  }
  return [
    element('ol', { class: 'alerts' }, ...alerts.map((alert, index) => alertItem(key, alert, index === 0))),
    older > 0 && element('p', { class: 'quiet' }, `… and ${older} older`),
    command !== undefined &&
      element('p', { class: 'quiet' }, 'In a terminal: ', element('code', {}, command)),
  ].filter((node) => node !== false);
}

function alertItem(key, alert, isNewest) {
  const row = element(
    'div',
    { class: 'moment' },
    element('span', { class: 'when' }, clock(alert.at)),
    chip(alert.severity === 'info' ? alert.kind : alert.severity, KINDS[alert.kind] ?? alert.kind),
    element('span', { class: 'said' }, alert.headline),
    alert.quiet &&
      element(
        'span',
        { class: 'snooze' },
        'not told: snoozed until ',
        clock(alert.quiet.until),
        ` (${alert.quiet.reason})`,
      ),
    alert.told === 'not-yet' && element('span', { class: 'snooze' }, 'on its way to people'),
  );
  const attributes = { class: `alert-of ${alert.severity}`, 'data-kind-of': alert.kind };
  if (!hasMore(alert)) return element('li', attributes, row);
  // How things are now is what was asked for: it is open unless somebody has closed it.
  const made = fold(`alert ${key} ${alert.sequence}`, {}, row, () => details(alert), isNewest);
  return element('li', attributes, made);
}

const KINDS = {
  drift: 'drift',
  'drift-changed': 'changed',
  converged: 'as Git says',
  stalled: 'stalled',
  'rolled-out': 'rolled out',
  unknown: 'unknown',
  'known-again': 'judged again',
  summary: 'first check',
  reminder: 'reminder',
  blocked: 'blocked',
  unblocked: 'delivers again',
  rejected: 'rejected',
  failed: 'failed',
  frozen: 'frozen',
};

const hasMore = ({ findings, gone, members, unready, says, rule, remedies, more }) =>
  findings.length + gone.length + members.length + unready.length + remedies.length + more > 0 ||
  says !== undefined ||
  rule !== undefined;

function details(alert) {
  const { findings, fresh, gone, more } = alert;
  // Of a change, what is new goes before what has been said.
  const parts =
    fresh === undefined || fresh >= findings.length
      ? [[fresh === undefined ? undefined : 'New', findings]]
      : [
          ['New', findings.slice(0, fresh)],
          ['Still so', findings.slice(fresh)],
        ];
  return element(
    'div',
    { class: 'details' },
    alert.says && element('p', { class: 'says' }, alert.says),
    // How things are now has it among what can be done.
    alert.rule && alert.remedies.length === 0 && element('pre', { class: 'excerpt' }, alert.rule),
    alert.unready.length > 0 && [
      element('h4', {}, 'Not ready'),
      element('ul', { class: 'plain' }, ...alert.unready.map((text) => element('li', {}, text))),
    ],
    memberList(alert),
    ...parts.flatMap(([title, some]) =>
      some.length === 0 ? [] : [title && element('h4', {}, title), findingGroups(some)],
    ),
    more > 0 && element('p', { class: 'quiet' }, `… and ${more} more`),
    gone.length > 0 && [element('h4', {}, 'No longer so'), findingGroups(gone)],
    element(
      'p',
      { class: 'about' },
      facts(alert.commit && element('span', {}, 'Git at ', shortCommit(alert.commit)), alert.chart),
    ),
    alert.remedies.length > 0 && [element('h4', {}, 'What to do'), ...alert.remedies.map(remedy)],
  );
}

function memberList({ members, moreMembers }) {
  if (members.length === 0) return false;
  const row = ({ scope, findings, severity }) =>
    element(
      'li',
      {},
      element('span', { class: 'member' }, scope),
      findings !== undefined &&
        element('span', { class: 'quiet' }, `${findings} finding${findings === 1 ? '' : 's'}`),
      severity === 'critical' && chip('critical'),
    );
  return [
    element('h4', {}, `${members.length + moreMembers} of the target`),
    element('ul', { class: 'members' }, ...members.map(row)),
    moreMembers > 0 && element('p', { class: 'quiet' }, `… and ${moreMembers} more`),
  ];
}

const remedy = ({ title, text, commands, paste }) =>
  element(
    'div',
    { class: 'remedy' },
    element('p', {}, title),
    ...text.map((line) => element('p', { class: 'quiet' }, line)),
    paste.length > 0 && element('pre', { class: 'excerpt' }, paste.join('\n')),
    commands.length > 0 && element('pre', { class: 'excerpt' }, commands.join('\n')),
  );
