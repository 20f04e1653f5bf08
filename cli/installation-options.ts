import { VARIABLES } from '../lib/aws/environment.ts';
import { DATA_FOLDER } from '../local/connection.ts';
import type { Options } from './form.ts';

/** Options of every command that speaks to an installation. */
export const INSTALLATION_OPTIONS = {
  installation: {
    type: 'string',
    value: 'NAME',
    means:
      'one in AWS, by the name in its fairlead.config.ts (or FAIRLEAD_INSTALLATION); what its parts are called is then read from SSM',
  },
  bucket: {
    type: 'string',
    value: 'NAME',
    means: `its upload bucket (or ${VARIABLES.uploadBucket}); its table is ${VARIABLES.table}, its queue ${VARIABLES.receiveQueue}, its bucket of reports ${VARIABLES.stateBucket}`,
  },
  data: {
    type: 'string',
    value: 'FOLDER',
    default: process.env.FAIRLEAD_DATA ?? DATA_FOLDER,
    completes: 'folder',
    means: `data folder of the local installation (default ${DATA_FOLDER}, or FAIRLEAD_DATA). Of none of the three, the one that runs here; in AWS, with the credentials of the environment`,
  },
} as const satisfies Options;
