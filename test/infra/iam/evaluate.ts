import { type Context, holds } from './conditions.ts';
import { type Document, listed, type Principals, type Statement, statementsIn } from './document.ts';
import { matches } from './wildcards.ts';

/** Who asks: a role (with the session that it is used by), or a service of AWS. */
export type Asker =
  | { readonly kind: 'role'; readonly arn: string }
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'federated'; readonly provider: string };

export interface Request {
  readonly asker: Asker;
  readonly action: string;
  readonly resource: string;
  readonly context?: Context;
}

export interface Policies {
  /** Of the role that asks. */
  readonly identity: readonly Document[];
  readonly boundary?: Document;
  /** Of what is asked for, with the account that it belongs to. */
  readonly resource?: { readonly document: Document; readonly account: string };
}

export type Decision = 'allowed' | 'denied' | 'not allowed';

/**
 * What AWS decides (IAM guide, "Policy evaluation logic"), without what an organisation adds above accounts. An explicit
 * denial goes before all; then within an account the role's policies or the resource's must allow it, and across
 * accounts both; a boundary must allow it, too. A key and a role are reached only if their own policy lets.
 */
export function decide(request: Request, { identity, boundary, resource }: Policies): Decision {
  const { asker } = request;
  const ofIdentity = identity.map((document) => verdict(document, request, 'identity'));
  const ofBoundary = boundary === undefined ? 'allowed' : verdict(boundary, request, 'identity');
  const ofResource = resource === undefined ? 'not allowed' : verdict(resource.document, request, 'resource');
  if ([...ofIdentity, ofBoundary, ofResource].includes('denied')) return 'denied';

  const byResource = ofResource === 'allowed';
  if (asker.kind !== 'role') return byResource ? 'allowed' : 'not allowed';
  const byIdentity = ofIdentity.includes('allowed') && ofBoundary === 'allowed';
  const own = resource === undefined || accountOf(asker.arn) === resource.account;
  const { action } = request;
  if (!own) return byIdentity && byResource ? 'allowed' : 'not allowed';
  // By naming the account they leave it to its roles' own policies; else nobody gets in without being named.
  if (resource !== undefined && /^(kms|sts):/.test(action)) {
    const delegated = verdict(resource.document, request, 'account') === 'allowed';
    const named = verdict(resource.document, request, 'principal') === 'allowed' && ofBoundary === 'allowed';
    return named || (delegated && byIdentity) ? 'allowed' : 'not allowed';
  }
  const named =
    resource !== undefined &&
    verdict(resource.document, request, 'principal') === 'allowed' &&
    ofBoundary === 'allowed';
  return byIdentity || named ? 'allowed' : 'not allowed';
}

/** How a statement's principal has to fit: not at all, as anybody, as the asker itself, or as its account. */
type Fit = 'identity' | 'resource' | 'principal' | 'account';

function verdict(document: Document, request: Request, fit: Fit): Decision {
  const fitting = statementsIn(document).filter((statement) => concerns(statement, request, fit));
  if (fitting.some(({ Effect }) => Effect === 'Deny')) return 'denied';
  return fitting.length > 0 ? 'allowed' : 'not allowed';
}

function concerns(statement: Statement, { asker, action, resource, context }: Request, fit: Fit): boolean {
  const ofAction = (patterns: Statement['Action']) =>
    listed(patterns).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase()));
  const ofResource = (patterns: Statement['Resource']) =>
    listed(patterns).some((pattern) => matches(pattern, resource));
  if (statement.Action !== undefined ? !ofAction(statement.Action) : ofAction(statement.NotAction))
    return false;
  if (statement.Resource !== undefined && !ofResource(statement.Resource)) return false;
  if (statement.NotResource !== undefined && ofResource(statement.NotResource)) return false;
  if (fit !== 'identity' && !isPrincipal(statement, asker, fit)) return false;
  return holds(statement.Condition, context ?? {});
}

function isPrincipal({ Principal, NotPrincipal }: Statement, asker: Asker, fit: Fit): boolean {
  if (NotPrincipal !== undefined) return !names(NotPrincipal, asker, 'resource');
  return Principal !== undefined && names(Principal, asker, fit);
}

function names(principals: Principals, asker: Asker, fit: Fit): boolean {
  if (principals === '*') return fit !== 'account';
  const of = (kind: string) => listed(principals[kind]);
  switch (asker.kind) {
    case 'service':
      return of('Service').includes(asker.name);
    case 'federated':
      return of('Federated').includes(asker.provider);
    case 'role': {
      const account = accountOf(asker.arn);
      const isAccount = (one: string) =>
        one === account || /^arn:[^:]+:iam::(\d{12}):root$/.exec(one)?.[1] === account;
      const isAsker = (one: string) => one === '*' || one === asker.arn;
      if (fit === 'account') return of('AWS').some(isAccount);
      if (fit === 'principal') return of('AWS').some(isAsker);
      return of('AWS').some((one) => isAsker(one) || isAccount(one));
    }
  }
}

export const accountOf = (arn: string): string => arn.split(':')[4] ?? '';
