import { ASKING_NOTES, ASKING_OPTIONS } from './asking.ts';
import { type Form, type Options, USUAL_EXITS } from './form.ts';
import { INSTALLATION_OPTIONS } from './installation-options.ts';

export const FORMS = ['text', 'json', 'junit'] as const;
/** Seconds that an installation is waited for. */
export const SECONDS = 300;

const OUTPUT = {
  type: 'string',
  short: 'o',
  value: 'text|json|junit',
  default: 'text',
  means:
    'default: text; json prints one document and nothing else; junit is the XML that CI systems show as test results',
  completes: FORMS,
} as const;

/** Of a check that is made from here. */
export const HERE_OPTIONS = {
  only: {
    type: 'string',
    value: 'NAME',
    multiple: true,
    means: 'a release (shop/web), a namespace (shop) or manifests; may be given several times',
  },
  output: OUTPUT,
  ...ASKING_OPTIONS,
} as const satisfies Options;

/** Of one that an installation makes. */
export const REMOTE_OPTIONS = {
  remote: { type: 'boolean', means: 'an installation checks, now, and what it saw is printed' },
  timeout: {
    type: 'string',
    value: 'SECONDS',
    default: String(SECONDS),
    means: `with --remote: how long to wait (default ${SECONDS})`,
  },
  output: OUTPUT,
  ...INSTALLATION_OPTIONS,
} as const satisfies Options;

export const CHECK_FORM = {
  typed: ['check [TARGET] --repo PATH|URL [OPTIONS]', 'check --remote [TARGET…] [OPTIONS]'],
  purpose: [
    'Compares a cluster with what a branch of its repository declares. Only reads; installs nothing. It needs a kubeconfig and git; charts are rendered with helm 4 from the PATH, or with the official release, fetched once.',
  ],
  arguments: [
    {
      name: 'TARGET',
      means:
        "the target's name; its files lie below fairlead/TARGET in the repository. Default: the only one; with --remote every target that is checked",
      completes: 'target',
    },
  ],
  options: { ...HERE_OPTIONS, ...REMOTE_OPTIONS },
  notes: [
    ...ASKING_NOTES,
    'With --remote an installation checks, and this prints what it saw: names and paths, no values. It needs sqs:SendMessage on the read queue, and to read the table. Options of the one kind of check are none of the other.',
  ],
  exits: { 0: 'in sync', 1: 'drift', 2: 'could not judge all of it', ...USUAL_EXITS, 130: 'Ctrl-C' },
  examples: [
    'npx fairlead check staging --repo https://git.example.com/platform/cluster.git',
    'npx fairlead check --remote staging --installation fairlead',
    'npx fairlead check --repo . --root clusters/staging --context staging -o junit > drift.xml',
  ],
} as const satisfies Form;
