import type { Command } from './command.ts';
import { COMMANDING_EXITS, COMMANDING_NOTES, COMMANDING_OPTIONS } from './commanding.ts';
import type { Form } from './form.ts';
import { freezing } from './freeze.ts';

const FORM = {
  typed: ['unfreeze TARGET [NAMESPACE/RELEASE] [OPTIONS]'],
  purpose: [
    'Lifts a freeze: of what waited, the newest chart and the newest values of each release are delivered, and what is older ends as superseded.',
  ],
  arguments: [
    { name: 'TARGET', means: 'which target', completes: 'target' },
    {
      name: 'NAMESPACE/RELEASE',
      means:
        'one release of it; without it, the freeze of the whole target: releases that were frozen by themselves stay so',
    },
  ],
  options: COMMANDING_OPTIONS,
  notes: COMMANDING_NOTES,
  exits: COMMANDING_EXITS,
  examples: [
    'npx fairlead unfreeze production shop/web --installation fairlead',
    'npx fairlead unfreeze production --reason "the sale is over" --installation fairlead',
  ],
} as const satisfies Form;

export const unfreeze: Command = {
  name: 'unfreeze',
  summary: 'lift a freeze: the newest that waited is delivered',
  form: FORM,
  run: (argv) => freezing('unfreeze', argv),
};
