/**
 * What a cluster answered. Whatever is not an answer says why in words for people; none of it is ever drift.
 */
export type Unreadable =
  /** 403 (or 401). `rule`: the RBAC rule to add, as YAML. */
  | { readonly kind: 'forbidden'; readonly reason: string; readonly rule?: string }
  /** Refused, timed out, no such host, TLS: the cluster was not asked. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** It answered, with what is of no use. */
  | { readonly kind: 'failed'; readonly reason: string };

export type Answer<Value> = { readonly kind: 'answered'; readonly value: Value } | Unreadable;

export const answered = <Value>(value: Value): Answer<Value> => ({ kind: 'answered', value });
