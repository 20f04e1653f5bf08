import { CfnQueryDefinition } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FairleadFunction } from '../run/function.ts';
import { QUERIES, type SavedQuery, textOf } from './queries.ts';

/** The questions of docs/runbook.md, kept in CloudWatch under `fairlead/<installation>/`. Keeping them costs nothing. */
export class SavedQueries extends Construct {
  constructor(
    scope: Construct,
    id: string,
    {
      installation,
      functions,
    }: { readonly installation: string; readonly functions: readonly FairleadFunction[] },
  ) {
    super(scope, id);
    for (const [name, query] of Object.entries<SavedQuery>(QUERIES)) {
      new CfnQueryDefinition(this, name, {
        name: `fairlead/${installation}/${name}`,
        logGroupNames: functions
          .filter(({ runs }) => query.functions.some((one) => one === runs))
          .map(({ logGroupName }) => logGroupName),
        queryString: textOf(query),
        ...(query.parameters === undefined
          ? {}
          : {
              parameters: Object.entries(query.parameters).map(([parameter, description]) => ({
                name: parameter,
                defaultValue: '',
                description,
              })),
            }),
      });
    }
  }
}
