import { oneLine } from '../lib/alerts/plain.ts';
import type { ScopeObservation } from '../lib/checks/observation.ts';
import { rulesText } from '../lib/desired/drift-file-writing.ts';
import { isByAdmission } from '../lib/drift/rules/alike.ts';
import { ruleForGroup } from '../lib/drift/rules/baseline.ts';
import type { Finding } from '../lib/drift/verdicts.ts';
import { formatReference } from '../lib/objects/objects.ts';
import { findingText } from './finding-text.ts';
import type { Paint } from './progress.ts';

/** Objects of a group that are named; of more, how many there are says as much. */
const NAMED = 5;
const REASON = 'rewritten at admission, as this cluster does';

/** Findings that one webhook likely made in many objects: told once for the whole check. */
export class AdmissionGroups {
  readonly #groups = new Map<string, Finding[]>();

  constructor(scopes: readonly ScopeObservation[]) {
    for (const { state } of scopes) {
      if (state.kind !== 'drift' && state.kind !== 'rollout') continue;
      for (const finding of state.findings) {
        if (finding.group === undefined) continue;
        const known = this.#groups.get(finding.group);
        if (known === undefined) this.#groups.set(finding.group, [finding]);
        else known.push(finding);
      }
    }
    for (const [group, findings] of this.#groups) if (!isByAdmission(findings)) this.#groups.delete(group);
  }

  /** Whether it is told together with others, and not in its scope. */
  holds({ group }: Finding): boolean {
    return group !== undefined && this.#groups.has(group);
  }

  lines(paint: Paint): readonly string[] {
    return [...this.#groups.values()].flatMap((findings) => groupLines(findings, paint));
  }
}

function groupLines(findings: readonly Finding[], paint: Paint): readonly string[] {
  const [first] = findings;
  if (first === undefined) return [];
  const names = [...new Set(findings.map(({ object }) => oneLine(formatReference(object))))];
  const more = names.length - NAMED;
  const named = `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  // What is known of one of them, such as a deployer's object that somebody edited, is not said of all.
  const { attribution, ...bare } = first;
  const isShared = findings.every((each) => each.attribution?.likely === attribution?.likely);
  const [head = '', ...rest] = findingText(isShared ? first : bare);
  const rule = ruleForGroup(findings, REASON);
  const count = findings.length === 1 ? 'once' : `${findings.length} times, told once`;
  return [
    `${paint('rewritten at admission', 'red')}, or by an unknown writer (${count})  ${head}`,
    `  ${named}`,
    ...rest.map((line) => paint(line, 'dim')),
    ...(rule === undefined
      ? []
      : [
          '  if that is what this cluster does, accept it under "rules:" in drift.yaml:',
          ...rulesText([rule])
            .trimEnd()
            .split('\n')
            .map((line) => `    ${oneLine(line)}`),
        ]),
  ];
}
