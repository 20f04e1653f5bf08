import * as z from 'zod';
import { fieldOf } from '../drift/rules/rule-fields.ts';
import { severity } from './audiences.ts';
import { entries } from './entries.ts';

/** As many as an installation may have: more is a policy that belongs somewhere else. */
export const SEVERITY_RULES = 50;
const REASON_CHARACTERS = 300;

/** A value as drift.yaml takes it under that key, with its words for what is wrong. */
const asInDriftFile = (key: 'kind' | 'path' | 'namespace') =>
  z.string().superRefine((value, context) => {
    const wrong = fieldOf({}, key, value);
    if (wrong !== undefined) context.addIssue({ code: 'custom', message: `"${value}" ${wrong.message}` });
  });

const someOf = (key: 'kind' | 'namespace') =>
  z.array(asInDriftFile(key)).min(1, 'name at least one, or leave it out: then it is all').optional();

/**
 * How grave findings are for this installation, where that is not what docs/alerts.md says. The first entry that
 * matches a finding decides; what drift.yaml says of it goes before.
 */
export const severityRule = entries({
  /** `Deployment`, `Deployment.apps`, `*.rbac.authorization.k8s.io`, as in drift.yaml. */
  kinds: someOf('kind'),
  /** The place inside the object and all below it, as in drift.yaml: `/spec/replicas`. */
  path: asInDriftFile('path').optional(),
  /** Patterns with `*`. */
  namespaces: someOf('namespace'),
  severity,
  /** For whoever reads the alert. */
  reason: z
    .string()
    .trim()
    .min(1, 'say why, for whoever is woken by it, or is not')
    .max(REASON_CHARACTERS)
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'one line'),
}).refine(
  ({ kinds, path, namespaces }) => (kinds ?? path ?? namespaces) !== undefined,
  'it is about everything: name kinds, path or namespaces',
);

export type SeverityRule = z.output<typeof severityRule>;
