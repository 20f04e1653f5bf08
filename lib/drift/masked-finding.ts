import { withoutCredentials } from '../objects/credentials.ts';
import type { Json } from '../objects/objects.ts';
import type { Finding } from './verdicts.ts';

/** What stands for a Secret's value. */
export const SECRET = '(secret, changed)';

/** The finding with what nobody should read replaced, for forms that machines read. */
export function maskedFinding(finding: Finding): Finding {
  const { desired, live, ...rest } = finding;
  return {
    ...rest,
    ...(desired === undefined ? {} : { desired: maskedSide(finding, desired) }),
    ...(live === undefined ? {} : { live: maskedSide(finding, live) }),
  };
}

/** One side of the finding as people may see it. */
export const maskedSide = (finding: Finding, value: Json): Json =>
  finding.secret ? SECRET : maskedValue(finding, value);

/** A side of a finding that is no Secret's, without credentials. */
export function maskedValue({ path, object }: Finding, value: Json): Json {
  const names = path.flatMap((step) => {
    if (step.kind === 'field') return [step.name];
    return step.kind === 'key' ? Object.values(step.keys).map(String) : [];
  });
  // An environment variable is `…env[name=X].value`: its name is the step before; a ConfigMap's key is the last.
  const isNamedSo = object.kind === 'ConfigMap' || names.includes('env') || names.includes('args');
  const named = isNamedSo ? names.slice(-2).filter((name) => name !== 'value' && name !== 'env') : [];
  return withoutCredentials(value, named.join(' '));
}
