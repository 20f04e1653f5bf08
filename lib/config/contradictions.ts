import * as z from 'zod';
import { audienceProblems } from './audience-contradictions.ts';
import { clusterProblems } from './cluster-contradictions.ts';
import { credentialProblems } from './credential-contradictions.ts';
import { deliveryProblems } from './delivery-contradictions.ts';
import { RESERVED_NAMESPACES } from './reserved.ts';
import { rootOf, WHOLE_REPOSITORY } from './root.ts';

/** Something wrong, with the place of it. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** As much of a configuration as its parts say of each other; what is malformed counts as not said. */
const text = z.string().optional().catch(undefined);
const secretive = z.object({ kind: text, secret: text }).optional().catch(undefined);
const repository = z.object({
  name: text,
  url: text,
  credential: secretive,
  readCredential: secretive,
  signing: secretive,
});
const texts = z.array(text).catch([]);
const audience = z.object({
  name: text,
  form: text,
  address: text,
  targets: texts,
  namespaces: texts,
  severities: z.array(text).optional().catch(undefined),
  classes: z.array(text).optional().catch(undefined),
});
const severityRule = z.object({
  kinds: z.array(text).optional().catch(undefined),
  path: text,
  namespaces: z.array(text).optional().catch(undefined),
  severity: text,
});
const outline = z
  .object({
    repositories: z.array(repository.catch({})).catch([]),
    targets: z
      .array(
        z
          .object({
            name: text,
            repository: text,
            branch: text,
            root: text,
            driftOnly: z.boolean().optional().catch(undefined),
            auditLog: z.unknown().optional(),
            uploaders: z.unknown().optional(),
            operators: z.unknown().optional(),
            cluster: z.object({ kind: text }).optional().catch(undefined),
            namespaces: z.array(text).catch([]),
          })
          .catch({ namespaces: [] }),
      )
      .catch([]),
    audiences: z.array(audience.catch({ targets: [], namespaces: [] })).catch([]),
    severity: z.array(severityRule.catch({})).catch([]),
    backup: z.object({ except: texts }).optional().catch(undefined),
  })
  .catch({ repositories: [], targets: [], audiences: [], severity: [] });
type Outline = z.output<typeof outline>;

/**
 * Where the entries of a configuration contradict each other. Looked for in whatever was given, so that people hear of
 * these together with what is malformed.
 */
export function contradictions(input: unknown): readonly Problem[] {
  const given = outline.parse(input);
  const written = given.targets.flatMap((target) => (target.driftOnly === true ? [] : [target.repository]));
  return [
    ...namedTwice(given),
    ...missing(given),
    ...nested(given),
    ...reserved(given),
    ...wholeAndWritten(given),
    ...unlogged(given),
    ...notBackedUp(given),
    ...clusterProblems(input),
    ...deliveryProblems(input),
    ...uploadersOfNothing(given),
    ...audienceProblems(given.audiences, given.targets),
    ...toldTwice(given),
    ...credentialProblems(given.repositories, new Set(written)),
  ];
}

function namedTwice(given: Outline): Problem[] {
  return (['repositories', 'targets', 'audiences'] as const).flatMap((kind) => {
    const names = given[kind].map(({ name }) => name);
    return names.flatMap((name, index) =>
      name !== undefined && names.indexOf(name) !== index
        ? [{ path: [kind, index, 'name'], message: `"${name}" is named twice` }]
        : [],
    );
  });
}

function missing({ repositories, targets }: Outline): Problem[] {
  const known = repositories.flatMap(({ name }) => (name === undefined ? [] : [name]));
  return targets.flatMap(({ repository }, index) =>
    repository === undefined || known.includes(repository)
      ? []
      : [
          {
            path: ['targets', index, 'repository'],
            message: `no repository "${repository}"; there is ${known.map((name) => `"${name}"`).join(', ') || 'none'}`,
          },
        ],
  );
}

/** Compared without case: some file systems have none. */
function nested({ targets }: Outline): Problem[] {
  return targets.flatMap((target, index) =>
    targets.slice(0, index).flatMap((other) => {
      if (target.name === undefined || other.name === undefined || target.name === other.name) return [];
      if (target.repository !== other.repository || (target.branch ?? 'main') !== (other.branch ?? 'main'))
        return [];
      const [own, its] = [rootOf({ ...target, name: target.name }), rootOf({ ...other, name: other.name })];
      const [a = '', b = ''] = [own, its].map((root) => (root === '' ? '' : `${root.toLowerCase()}/`));
      if (!a.startsWith(b) && !b.startsWith(a)) return [];
      const message = `"${own || WHOLE_REPOSITORY}" and "${its || WHOLE_REPOSITORY}" of target "${other.name}" lie inside each other (case does not count)`;
      return [{ path: ['targets', index, 'root'], message }];
    }),
  );
}

/** What is delivered lies in a folder of its own, beside whatever else people keep. */
function wholeAndWritten({ targets }: Outline): Problem[] {
  return targets.flatMap(({ root, driftOnly }, index) =>
    root !== WHOLE_REPOSITORY || driftOnly === true
      ? []
      : [
          {
            path: ['targets', index, 'root'],
            message:
              'the whole repository (".") is a root of targets with driftOnly: name a folder to deliver to',
          },
        ],
  );
}

function reserved({ targets }: Outline): Problem[] {
  return targets.flatMap(({ namespaces, driftOnly }, index) =>
    driftOnly === true
      ? []
      : namespaces.flatMap((name, at) =>
          name !== undefined && RESERVED_NAMESPACES.test(name)
            ? [
                {
                  path: ['targets', index, 'namespaces', at],
                  message: `"${name}" is the cluster's, a deployer's or Fairlead's own: uploads may not fill it`,
                },
              ]
            : [],
        ),
  );
}

/** Only EKS writes an audit log where it can be read. */
const unlogged = ({ targets }: Outline): Problem[] =>
  targets.flatMap(({ auditLog, cluster }, index) =>
    auditLog === undefined || auditLog === false || cluster?.kind === 'eks'
      ? []
      : [
          {
            path: ['targets', index, 'auditLog'],
            message:
              'the audit log is read from CloudWatch Logs of an EKS cluster: give the target cluster {kind: "eks", …}, or leave it out',
          },
        ],
  );

/** Whom nothing is taken from needs no way to send it. */
const uploadersOfNothing = ({ targets }: Outline): Problem[] =>
  targets.flatMap(({ driftOnly, uploaders, operators }, index) =>
    driftOnly === true
      ? Object.entries({ uploaders, operators }).flatMap(([entry, given]) =>
          given === undefined
            ? []
            : [
                {
                  path: ['targets', index, entry],
                  message: `${entry === 'uploaders' ? 'uploads' : 'commands'} to a target with driftOnly are rejected: leave one of the two out`,
                },
              ],
        )
      : [],
  );

/** A name that is no repository's keeps none from being backed up, and its owner believes that it does. */
const notBackedUp = ({ backup, repositories }: Outline): Problem[] =>
  (backup?.except ?? []).flatMap((name, index) =>
    name === undefined || repositories.some((repository) => repository.name === name)
      ? []
      : [{ path: ['backup', 'except', index], message: `there is no repository "${name}"` }],
  );

/** The first that matches decides: one after it with the same selectors is never asked. */
function toldTwice({ severity }: Outline): Problem[] {
  const selectors = severity.map(({ kinds, path, namespaces }) =>
    JSON.stringify([kinds && [...kinds].sort(), path, namespaces && [...namespaces].sort()]),
  );
  return selectors.flatMap((selector, index) => {
    const first = selectors.indexOf(selector);
    return first === index || selector === JSON.stringify([undefined, undefined, undefined])
      ? []
      : [{ path: ['severity', index], message: `it is about the same as severity[${first}], which decides` }];
  });
}
