import { isJsonObject, type Json } from '../../objects/objects.ts';
import { text } from '../json-reading.ts';

export interface SetFlag {
  readonly flag: 'set' | 'set-string' | 'set-literal';
  readonly name: string;
  readonly value: string;
}

/**
 * `helm.parameters` as `--set` and `--set-string` (argo-cd, reposerver/repository/repository.go, helmTemplate): of one
 * name the last wins, of each flag its own. Argo CD gives them in no order, so that two that meet in one place are
 * decided by chance there; here by name.
 */
export function parameterFlags(parameters: readonly Json[], substitute: (text: string) => string): SetFlag[] {
  const flags = new Map<string, SetFlag>();
  for (const parameter of parameters) {
    if (!isJsonObject(parameter)) continue;
    const name = text(parameter.name) ?? '';
    const flag = parameter.forceString === true ? 'set-string' : 'set';
    const value = typeof parameter.value === 'string' ? parameter.value : '';
    flags.set(`${flag} ${name}`, { flag, name, value: cleaned(substitute(value)) });
  }
  return [...flags.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, flag]) => flag);
}

/** Commas are meant, except in a list or where they are escaped already (argo-cd, util/helm/cmd.go, cleanSetParameters). */
const cleaned = (value: string): string =>
  value.startsWith('{') && value.endsWith('}') ? value : value.replace(/(?<!\\),/g, '\\,');
