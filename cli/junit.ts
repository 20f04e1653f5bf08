import { oneLine } from '../lib/alerts/plain.ts';
import {
  formatScope,
  type Observation,
  type ScopeObservation,
  type Unjudged,
} from '../lib/checks/observation.ts';
import type { Finding } from '../lib/drift/verdicts.ts';
import { formatReference } from '../lib/objects/objects.ts';
import { findingText } from './finding-text.ts';

/**
 * The check as CI systems read test reports: a suite a release, a case an object that differs, or the release itself
 * where all is well. Drift is a failure, what could not be judged an error.
 * Elements and attributes: the schema of Jenkins' xunit plugin, junit-10.xsd, which the other systems follow.
 */
export function formatJunit(observation: Observation): string {
  const suites = observation.scopes.filter(isShown).map((seen) => suiteOf(observation, seen));
  if (suites.length === 0) suites.push(nothingDeclared(observation));
  return formatSuites(observation.target, suites);
}

/** Suites as one document. */
export function formatSuites(of: string, suites: readonly Suite[]): string {
  const total = (kind: 'failure' | 'error') =>
    String(
      count(
        suites.flatMap(({ cases }) => cases),
        kind,
      ),
    );
  const tests = String(suites.reduce((sum, { cases }) => sum + cases.length, 0));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    tag('testsuites', {
      name: `fairlead check ${of}`,
      tests,
      failures: total('failure'),
      errors: total('error'),
    }),
    ...suites.map(({ text }) => text),
    '</testsuites>',
  ].join('\n');
}

export interface Case {
  readonly name: string;
  readonly result:
    | 'passed'
    | { readonly kind: 'failure' | 'error'; readonly message: string; readonly text: string };
}

export interface Suite {
  readonly cases: readonly Case[];
  readonly text: string;
}

const isShown = ({ scope, state }: ScopeObservation): boolean =>
  (scope.kind !== 'target' && scope.kind !== 'rules') || state.kind === 'unknown';

function suiteOf({ target, at }: Observation, seen: ScopeObservation): Suite {
  return suite(target, formatScope(seen.scope), at, casesOf(seen));
}

export const nothingDeclared = ({ target, at }: Pick<Observation, 'target' | 'at'>): Suite =>
  suite(target, 'target', at, [
    {
      name: 'declares something',
      result: { kind: 'error', message: NOTHING, text: NOTHING },
    },
  ]);

/** Where a target declares nothing at all. */
export const NOTHING = 'nothing is declared there: is that the right target, --root and --branch?';

/** What stands above RBAC rules that are ready to paste. */
export const RIGHTS =
  'whoever checks needs these rules, in a ClusterRole, or in a Role of each of the namespaces:';

function casesOf({ scope, state }: ScopeObservation): readonly Case[] {
  switch (state.kind) {
    case 'in-sync':
      return [{ name: 'in sync', result: 'passed' }];
    case 'unknown':
      return [unjudgedCase(state)];
    case 'drift':
    case 'rollout': {
      const home = scope.kind === 'release' ? scope.namespace : undefined;
      const objects = new Map<string, Finding[]>();
      for (const finding of state.findings) {
        const name = formatReference(finding.object, home);
        objects.set(name, [...(objects.get(name) ?? []), finding]);
      }
      const said = state.deployer === undefined ? [] : [`the deployer: ${oneLine(state.deployer)}`];
      const cases = [...objects].map(([name, findings]): Case => {
        const message = findings
          .map(({ at, verdict }) => (at === '' ? verdict : `${at} ${verdict}`))
          .join(', ');
        const text = [...findings.flatMap((finding) => findingText(finding)), ...said].join('\n');
        return { name, result: { kind: 'failure', message, text } };
      });
      const unjudged = state.unjudged === undefined ? [] : [unjudgedCase(state.unjudged)];
      const message = state.deployer ?? 'not applied yet';
      return cases.length + unjudged.length > 0
        ? [...cases, ...unjudged]
        : [{ name: 'in sync', result: { kind: 'failure', message, text: oneLine(message) } }];
    }
  }
}

export function unjudgedCase({ reason, rule }: Unjudged): Case {
  const toAdd = rule === undefined ? [] : [RIGHTS, ...rule.split('\n')];
  const text = [reason, ...toAdd].map(oneLine).join('\n');
  return { name: 'in sync', result: { kind: 'error', message: reason, text } };
}

/** Characters of a message: it is an attribute, of which lists show a line. */
const MESSAGE = 500;

export function suite(target: string, name: string, at: string, cases: readonly Case[]): Suite {
  const lines = [
    tag('testsuite', {
      name,
      tests: String(cases.length),
      failures: String(count(cases, 'failure')),
      errors: String(count(cases, 'error')),
      skipped: '0',
      // Without zone and fraction, as the schema of the time wants it.
      timestamp: at.replace(/(\.\d+)?Z$/, ''),
    }),
  ];
  for (const { name: of, result } of cases) {
    const open = tag('testcase', { classname: `${target}.${name}`, name: of });
    if (result === 'passed') {
      lines.push(open.replace(/>$/, '/>'));
      continue;
    }
    const problem = tag(result.kind, { message: result.message.slice(0, MESSAGE), type: TYPES[result.kind] });
    lines.push(open, `${problem}${escaped(result.text)}</${result.kind}>`, '</testcase>');
  }
  return { cases, text: [...lines, '</testsuite>'].join('\n') };
}

const TYPES = { failure: 'drift', error: 'unknown' } as const;

const count = (cases: readonly Case[], kind: 'failure' | 'error'): number =>
  cases.filter(({ result }) => result !== 'passed' && result.kind === kind).length;

const tag = (name: string, attributes: Readonly<Record<string, string>>): string =>
  `<${name}${Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${escaped(oneLine(value))}"`)
    .join('')}>`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** What is no character of XML 1.0 (section 2.2, Char) becomes a replacement character: no escape may name it either. */
const escaped = (text: string): string =>
  text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
