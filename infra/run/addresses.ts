import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { ADDRESSES, addressesPath, versionParameter } from '../../lib/config/addresses.ts';
import fairlead from '../../package.json' with { type: 'json' };

/**
 * What `npx fairlead --installation NAME` finds its parts by, and of which version they are. Knowing an address is no
 * right to it.
 */
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
    new StringParameter(this, 'version', {
      parameterName: versionParameter(installation),
      stringValue: fairlead.version,
    });
  }
}
