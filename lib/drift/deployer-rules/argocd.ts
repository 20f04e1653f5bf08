import { groupOf, type Json, type JsonObject } from '../../objects/objects.ts';
import { argoGlobMatches } from './argo-glob.ts';
import { type DeployerRule, listOf, stringsOf } from './deployer-rule.ts';
import { reachOfJq } from './jq.ts';
import { reachOfPointer } from './reach.ts';

/**
 * `Application.spec.ignoreDifferences` (argo-cd, util/argo/normalizers/diff_normalizer.go): group and kind are globs,
 * an empty group is the core group, name and namespace are exact or empty for any. JSON pointers have no wildcards; a
 * jq expression names what is taken out of both sides.
 */
export const argoRules = (rules: Json | undefined): readonly DeployerRule[] =>
  listOf(rules).map((rule, index) => argoRule(rule, `Application.spec.ignoreDifferences[${index}]`));

function argoRule(rule: JsonObject, from: string): DeployerRule {
  const { group = '', kind = '', name = '', namespace = '' } = rule;
  const unread: string[] = [];
  const read = <Reach>(what: string, texts: readonly string[], parse: (text: string) => Reach | undefined) =>
    texts.flatMap((text) => {
      const reach = parse(text);
      if (reach === undefined) unread.push(`${what} ${JSON.stringify(text)}`);
      return reach === undefined ? [] : [reach];
    });
  return {
    selects: (object) =>
      argoGlobMatches(text(group), groupOf(object.apiVersion)) &&
      argoGlobMatches(text(kind), object.kind) &&
      (name === '' || name === object.metadata.name) &&
      (namespace === '' || namespace === (object.metadata.namespace ?? '')),
    places: [
      ...read('jsonPointers', stringsOf(rule.jsonPointers), reachOfPointer),
      ...read('jqPathExpressions', stringsOf(rule.jqPathExpressions), reachOfJq),
    ],
    managers: stringsOf(rule.managedFieldsManagers),
    from,
    unread,
  };
}

const text = (value: Json): string => (typeof value === 'string' ? value : '');
