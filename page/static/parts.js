// Pieces of the page as DOM nodes. Text goes in as text and never as markup: it comes from charts and clusters.

/** An element with attributes and children; strings become text nodes, absent children are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

const TONES = {
  'in-sync': 'good',
  delivered: 'good',
  converged: 'good',
  'rolled-out': 'good',
  'known-again': 'good',
  unblocked: 'good',
  rollout: 'busy',
  received: 'busy',
  checked: 'busy',
  frozen: 'warn',
  proposed: 'busy',
  declined: 'bad',
  done: 'good',
  waiting: 'busy',
  drift: 'warn',
  reminder: 'warn',
  changed: 'warn',
  added: 'warn',
  missing: 'bad',
  extra: 'warn',
  critical: 'bad',
  warning: 'warn',
  'drift-changed': 'warn',
  stalled: 'warn',
  unknown: 'warn',
  blocked: 'warn',
  rejected: 'bad',
  failed: 'bad',
};

const WORDS = {
  'in-sync': 'in sync',
  rollout: 'rolling out',
  'rolled-out': 'rolled out',
  'drift-changed': 'drift changed',
  'known-again': 'judged again',
  summary: 'first check',
  extra: 'not in Git',
};

export const chip = (state, text) =>
  element('span', { class: `chip ${TONES[state] ?? ''}` }, text ?? WORDS[state] ?? state);

export const shortCommit = (commit) =>
  commit === undefined ? undefined : element('code', { title: commit }, commit.slice(0, 7));

/** A time that counts up by itself; the exact one on hover. */
export const ago = (iso) =>
  element('time', { datetime: iso, title: new Date(iso).toLocaleString() }, agoText(iso));

export function agoText(iso) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(iso)) / 1000));
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** What stands between two of them is a middle dot. */
export const facts = (...items) => {
  const there = items.filter((item) => item !== undefined && item !== null && item !== false);
  return element(
    'span',
    { class: 'quiet' },
    ...there.flatMap((item, index) => (index === 0 ? [item] : [' · ', item])),
  );
};

export const empty = (text, command) =>
  element(
    'div',
    { class: 'card' },
    element('div', { class: 'empty' }, text, command && element('pre', {}, command)),
  );

/** `code` and *strong* of a chat message, the rest as it is. */
export function chatLine(text) {
  const parts = text.split(/(`[^`]+`|\*[^*\s][^*]*\*)/);
  return element(
    'p',
    { class: 'line' },
    ...parts.map((part) => {
      if (/^`.+`$/.test(part)) return element('code', {}, part.slice(1, -1));
      if (/^\*.+\*$/.test(part)) return element('strong', {}, part.slice(1, -1));
      return part.replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>');
    }),
  );
}

const EMOJI = { ':white_check_mark:': '✅', ':warning:': '⚠️', ':rotating_light:': '🚨' };

/** As Amazon Q Developer shows a custom notification. */
export function chatForm(body) {
  const message = JSON.parse(body);
  const { title = '', description = '', nextSteps = [] } = message.content;
  const lines = (text) => text.split('\n').map(chatLine);
  return element(
    'div',
    { class: 'bubble' },
    element(
      'p',
      { class: 'subject' },
      title.replace(/^:[a-z_]+:/, (name) => EMOJI[name] ?? name),
    ),
    lines(description),
    nextSteps.length > 0 && element('ul', {}, ...nextSteps.map((step) => element('li', {}, lines(step)))),
    element('p', { class: 'quiet' }, `thread ${message.metadata.threadId}`),
  );
}

/** As a pager reads CloudWatch's alarm. */
export function pagerForm(body) {
  const alarm = JSON.parse(body);
  const rows = [
    ['State', `${alarm.OldStateValue} → ${alarm.NewStateValue}`],
    ['Alarm', alarm.AlarmName],
    ['Reason', alarm.NewStateReason],
    ['Description', alarm.AlarmDescription],
    ['Changed', alarm.StateChangeTime],
  ];
  return element(
    'dl',
    {},
    ...rows.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, String(value ?? ''))]),
  );
}

/** Somebody asked for silence, until then. */
export const freezeMark = ({ at, by, reason }) =>
  element('span', { class: 'snooze', title: reason ? `${reason} (${by})` : by }, 'frozen since ', clock(at));

export const snoozeMark = ({ until, by, reason }) =>
  element('span', { class: 'snooze', title: `${reason} (${by})` }, 'snoozed until ', clock(until));

/** A time as the reader's own clock has it: the hour today, else the day too. */
export function clock(iso) {
  const time = new Date(iso);
  const isToday = time.toDateString() === new Date().toDateString();
  const hour = { hour: '2-digit', minute: '2-digit' };
  const words = isToday
    ? time.toLocaleTimeString([], hour)
    : time.toLocaleString([], { day: 'numeric', month: 'short', ...hour });
  return element('span', { title: iso }, words);
}

/** What the reader has opened or shut, by name: it outlives each update. */
const chosen = new Map();
/** Of each fold that is drawn: notes what the reader has made of it. */
const notes = new WeakMap();

/** As if the reader had opened it. */
export const openBefore = (name) => chosen.set(name, true);

/** A `details` whose state survives updates. `isOpen`: how it is until the reader chooses. */
export function fold(name, attributes, summary, content, isOpen = false) {
  const open = chosen.get(name) ?? isOpen;
  const made = element('details', { ...attributes, open }, element('summary', {}, summary));
  const fill = () => {
    if (made.open && made.childElementCount === 1) made.append(content());
  };
  fill();
  const note = () => chosen.set(name, made.open);
  notes.set(made, note);
  made.addEventListener('toggle', () => {
    // It comes a moment after the click: by then another may stand in its place.
    if (!made.isConnected) return;
    note();
    fill();
  });
  return made;
}

/** Draws a part anew. What was opened a moment ago stays so, though its event has not come yet. */
export function draw(place, make) {
  for (const shown of place.querySelectorAll('details')) notes.get(shown)?.();
  place.replaceChildren(...[make()].flat());
}
