import type { VpcWay } from '../aws/account/account.ts';
import { answerIn, type Read } from '../aws/account/reading.ts';
import { type Diagnosis, judged, ok, wrong } from './diagnosis.ts';

/** All that a check inside a network needs of AWS: its state and its table (docs/clusters.md). */
const SERVICES = ['s3', 'dynamodb'] as const;

export interface PrivatePlace {
  readonly cluster: string;
  readonly region: string;
  readonly vpc: string;
  readonly subnets: readonly string[];
  /** Those that the stack makes itself. */
  readonly made: readonly string[];
}

/** Whether the network of a private cluster leads to S3 and DynamoDB, by its free gateway endpoints. */
export function judgePrivateWays(
  { cluster, region, vpc, subnets, made }: PrivatePlace,
  gateways: Read<readonly VpcWay[]>,
  tables: Read<ReadonlyMap<string, string>>,
  when: 'deployed' | 'not-deployed',
): readonly Diagnosis[] {
  const where = `${vpc} of cluster ${cluster}`;
  const routes = [...new Set(subnets.flatMap((subnet) => answerIn(tables)?.get(subnet) ?? []))];
  const noGateways = () => judgeWays([]);
  const judgeWays = (ways: readonly VpcWay[]): readonly Diagnosis[] =>
    SERVICES.map((service) => {
      if (made.includes(service) && when === 'not-deployed')
        return ok(where, `a gateway endpoint to ${service}: the deploy makes it`);
      const there = ways.filter(
        (way) => way.service.endsWith(`.${region}.${service}`) && way.state === 'available',
      );
      const reached = new Set(there.flatMap(({ routeTables }) => routeTables));
      const lacking = routes.filter((table) => !reached.has(table));
      if (there.length > 0 && lacking.length === 0) return ok(where, `a gateway endpoint to ${service}`);
      const tablesText = (lacking.length > 0 ? lacking : ['rtb-…']).join(' ');
      return wrong(
        where,
        there.length === 0
          ? `no gateway endpoint to ${service}: the check there reaches it only where its subnets have another way out`
          : `the gateway endpoint to ${service} is not in the routes ${lacking.join(', ')} of the check's subnets`,
        there.length === 0
          ? `aws ec2 create-vpc-endpoint --vpc-id ${vpc} --service-name com.amazonaws.${region}.${service} --route-table-ids ${tablesText}   # free; or \`endpoints\` of the cluster's vpc in the configuration`
          : `aws ec2 modify-vpc-endpoint --vpc-endpoint-id ID --add-route-table-ids ${tablesText}`,
      );
    });
  return judged(where, gateways, judgeWays, noGateways);
}
