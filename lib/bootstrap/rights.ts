import type { KubernetesObject } from '../objects/objects.ts';
import type { Rule } from './grants.ts';

const RBAC = 'rbac.authorization.k8s.io';

export interface Account {
  readonly name: string;
  readonly namespace: string;
}

export type Subject =
  | { readonly kind: 'ServiceAccount'; readonly account: Account }
  | { readonly kind: 'Group'; readonly name: string };

/** Rules in one namespace, or of kinds without one, and who has them. */
export interface Grant {
  readonly name: string;
  /** Undefined: a ClusterRole with its ClusterRoleBinding. */
  readonly namespace?: string;
  readonly rules: readonly Rule[];
  readonly subjects: readonly Subject[];
}

/** The role, and what binds it. */
export function rightsOf({ name, namespace, rules, subjects }: Grant): readonly KubernetesObject[] {
  const prefix = namespace === undefined ? 'Cluster' : '';
  const metadata = namespace === undefined ? { name } : { name, namespace };
  return [
    { apiVersion: `${RBAC}/v1`, kind: `${prefix}Role`, metadata, rules },
    {
      apiVersion: `${RBAC}/v1`,
      kind: `${prefix}RoleBinding`,
      metadata,
      roleRef: { apiGroup: RBAC, kind: `${prefix}Role`, name },
      subjects: subjects.map(subjectOf),
    },
  ];
}

function subjectOf(subject: Subject) {
  switch (subject.kind) {
    case 'ServiceAccount':
      return { kind: 'ServiceAccount', ...subject.account };
    case 'Group':
      return { apiGroup: RBAC, kind: 'Group', name: subject.name };
  }
}
