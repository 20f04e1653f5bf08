// Where the installation is local: each alert in the forms that people would get.
import { ago, chatForm, chip, clock, element, empty, facts, fold, pagerForm } from './parts.js';

// What the reader has chosen outlives each update.
const chosenForm = new Map();

export function inbox({ inbox: all, targets }) {
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
    element(
      'span',
      { class: 'more' },
      facts(
        ago(alert.at),
        alert.severity,
        alert.quiet &&
          element('span', { class: 'snooze' }, 'not told: snoozed until ', clock(alert.quiet.until)),
      ),
    ),
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
  if (subject !== undefined) return subject.replace(/^\[[a-z, -]+\] /, '');
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
