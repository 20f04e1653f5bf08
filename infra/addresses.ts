import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { ADDRESSES, addressesPath } from '../lib/config/addresses.ts';

/** What `npx fairlead --installation NAME` finds its parts by. Knowing an address is no right to it. */
export class Addresses extends Construct {
  constructor(
    scope: Construct,
    id: string,
    installation: string,
    addresses: Readonly<Record<keyof typeof ADDRESSES, string>>,
  ) {
    super(scope, id);
    for (const name of Object.keys(ADDRESSES) as (keyof typeof ADDRESSES)[]) {
      new StringParameter(this, name, {
        parameterName: `${addressesPath(installation)}/${ADDRESSES[name]}`,
        stringValue: addresses[name],
      });
    }
  }
}
