import { groupOf } from '../../objects/objects.ts';
import { parseYamlDocuments } from '../../objects/yaml.ts';
import { type Reason, reason } from '../reasons.ts';
import { type Declared, declaredIn, isPlainSecret } from './declared.ts';
import { credentialsIn } from './values-file.ts';
import { checkYamlStructure, isMultiplied } from './yaml-structure.ts';

export interface ManifestToRead {
  readonly text: string;
  readonly file: string;
  readonly allowPlainSecrets: boolean;
}

/** A worker's task: every reason against a manifest as uploaded, its text already checked by `checkYamlText`. */
export function readManifest({ text, file, allowPlainSecrets }: ManifestToRead): readonly Reason[] {
  const reasons: Reason[] = [...credentialsIn(text, file), ...checkYamlStructure(text, file)];
  if (isMultiplied(reasons)) return reasons;
  const parsed = parseYamlDocuments(text, 'kubernetes');
  if (parsed.kind === 'invalid')
    return [...reasons, reason('yaml-invalid', { problem: parsed.message }, { file, line: parsed.line })];
  for (const document of parsed.documents) {
    const declared = declaredIn(document, file);
    reasons.push(...declared.reasons);
    for (const entry of declared.objects) reasons.push(...against(entry, allowPlainSecrets));
  }
  return reasons;
}

function against({ object, place }: Declared, allowPlainSecrets: boolean): Reason[] {
  const { name } = object.metadata;
  if (!allowPlainSecrets && isPlainSecret(object)) return [reason('plain-secret', { name }, place)];
  if (groupOf(object.apiVersion) === 'kustomize.config.k8s.io')
    return [reason('kind-forbidden', { object: `${object.kind}/${name}`, kind: object.kind }, place)];
  return [];
}
