import type { Read } from '../aws/account/reading.ts';
import { type Diagnosis, judged, ok, wrong } from './diagnosis.ts';

/** CDK's own, where nobody chose another (CDK guide, "Customize AWS CDK bootstrapping"). */
export const DEFAULT_QUALIFIER = 'hnb659fds';
/** What templates of DefaultStackSynthesizer ask for in their rule CheckBootstrapVersion. */
const OLDEST_VERSION = 6;

export const bootstrapVersionParameter = (qualifier: string): string => `/cdk-bootstrap/${qualifier}/version`;

/** Whether `cdk deploy` finds what `cdk bootstrap` makes. */
export function judgeCdkBootstrap(
  read: Read<string>,
  {
    qualifier,
    account,
    region,
  }: { readonly qualifier: string; readonly account: string; readonly region: string },
): readonly Diagnosis[] {
  const where = `${account} in ${region}`;
  const named =
    qualifier === DEFAULT_QUALIFIER
      ? ''
      : ` --qualifier ${qualifier} --toolkit-stack-name CDKToolkit-${qualifier}`;
  const mend = `npx cdk bootstrap aws://${account}/${region}${named}`;
  return judged(
    where,
    read,
    (version) =>
      Number(version) >= OLDEST_VERSION
        ? [ok(where, `bootstrapped, version ${version}, qualifier ${qualifier}`)]
        : [
            wrong(
              where,
              `the bootstrap stack has version ${version}; ${OLDEST_VERSION} or newer is needed`,
              mend,
            ),
          ],
    () => [wrong(where, `not bootstrapped for the CDK with the qualifier ${qualifier}`, mend)],
  );
}
