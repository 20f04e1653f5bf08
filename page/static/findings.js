// What differs: Git's value and the cluster's beside each other, with what is different in them marked.
import { chip, element } from './parts.js';

/** Values so short stand beside each other on a phone, too. In characters. */
const SHORT = 16;

/** By object, since what one hand did to one object is read together. */
export function findingGroups(findings) {
  const groups = new Map();
  for (const finding of findings) {
    groups.set(finding.object, [...(groups.get(finding.object) ?? []), finding]);
  }
  return element('div', { class: 'findings' }, ...[...groups].map(([object, some]) => group(object, some)));
}

function group(object, findings) {
  const whole = findings.find(({ at }) => at === '');
  const verdict = whole?.verdict;
  return element(
    'section',
    { class: 'object' },
    element('h5', {}, element('span', {}, object), verdict !== undefined && chip(verdict)),
    ...findings.map(findingOf),
  );
}

const WHOLE = {
  missing: 'Git declares it, and it is not in the cluster.',
  extra: 'It is in the cluster, and Git does not declare it any more.',
};

function findingOf(finding) {
  const { verdict, at, values, notes } = finding;
  return element(
    'div',
    { class: 'finding', 'data-at': at },
    at !== '' && element('p', { class: 'at' }, ...breakable(at)),
    values === 'hidden' &&
      element('p', { class: 'hidden-value' }, `${WORDS[verdict] ?? verdict}; a Secret’s value is not shown`),
    values === 'whole-object' && element('p', {}, WHOLE[verdict] ?? verdict),
    values === 'shown' && sides(finding),
    ...notes.map((note) => element('p', { class: 'note' }, note)),
  );
}

const WORDS = {
  changed: 'Changed',
  added: 'Added in the cluster',
  missing: 'Gone from the cluster',
  extra: 'Not in Git',
};

/** A long path may break after a dot, and before what selects an item. */
function breakable(path) {
  const parts = path.split(/(?<=[./])|(?=\[)/);
  return parts.flatMap((part, index) => (index === 0 ? [part] : [element('wbr'), part]));
}

function sides({ desired, live }) {
  const [left, right] = marked(desired, live);
  const isShort = [desired, live].every(
    (text) => (text ?? '').length <= SHORT && !(text ?? '').includes('\n'),
  );
  return element(
    'div',
    { class: isShort ? 'sides short' : 'sides' },
    side('Git', 'desired', desired, left),
    side('Cluster', 'live', live, right),
  );
}

const side = (name, kind, text, nodes) =>
  element(
    'div',
    { class: `side ${kind}` },
    element('span', { class: 'whose' }, name),
    text === undefined ? element('span', { class: 'nothing' }, 'nothing') : element('pre', {}, ...nodes),
  );

/** Both texts as nodes. Of one line: what stands between the same beginning and the same end is marked; of more: lines. */
function marked(desired, live) {
  if (desired === undefined || live === undefined) return [[desired ?? ''], [live ?? '']];
  if (desired.includes('\n') || live.includes('\n'))
    return [markLines(desired, live), markLines(live, desired)];
  let start = 0;
  while (start < desired.length && start < live.length && desired[start] === live[start]) start++;
  let end = 0;
  while (
    end < desired.length - start &&
    end < live.length - start &&
    desired[desired.length - 1 - end] === live[live.length - 1 - end]
  )
    end++;
  // Where hardly anything is the same, marks are noise.
  if (start + end < 3) return [[desired], [live]];
  const parts = (text) => [
    text.slice(0, start),
    element('mark', {}, text.slice(start, text.length - end)),
    text.slice(text.length - end),
  ];
  return [parts(desired), parts(live)];
}

function markLines(text, other) {
  const others = new Set(other.split('\n'));
  return text
    .split('\n')
    .flatMap((line, index) => [index === 0 ? '' : '\n', others.has(line) ? line : element('mark', {}, line)]);
}
