import type { Read } from '../aws/account/reading.ts';
import type { Config } from '../config/config.ts';
import { type Diagnosis, judged, ok, skipped, warning, wrong } from './diagnosis.ts';
import type { Deployed } from './patient.ts';

/** What an account may have of something in networks; quotas and their codes: Amazon VPC, PrivateLink and Lambda guides. */
export interface NetworkQuota {
  readonly where: string;
  /** As Service Quotas knows it. */
  readonly service: 'vpc' | 'lambda';
  readonly named: RegExp;
  readonly code: string;
  /** What the first deploy of this configuration makes. */
  readonly needed: number;
  readonly counts:
    | { readonly kind: 'vpcs' }
    | { readonly kind: 'gateway-endpoints' }
    | { readonly kind: 'interfaces'; readonly vpc: string };
}

/** What the configuration makes in networks: its own VPC with an endpoint to S3, unless one is given; what stands in others. */
export function networkQuotas({ aws, gitNetwork, targets }: Config): readonly NetworkQuota[] {
  const own = aws.existing.vpc === undefined ? 1 : 0;
  const clusters = targets.flatMap(({ cluster }) =>
    cluster?.kind === 'eks' && cluster.vpc !== undefined ? [cluster.vpc] : [],
  );
  const endpoints = new Set(
    clusters.flatMap(({ id, endpoints: wanted }) =>
      (wanted?.make ?? []).map((service) => `${id} ${service}`),
    ),
  );
  const given = [aws.existing.vpc, gitNetwork?.vpc].filter((vpc) => vpc !== undefined);
  // Lambda keeps one for each subnet and set of security groups (Lambda guide, "Understanding Hyperplane ENIs").
  const subnets = Map.groupBy(
    [...given, ...clusters].flatMap(({ id, subnets: each }) => each.map((subnet) => ({ id, subnet }))),
    ({ id }) => id,
  );
  const counted: readonly NetworkQuota[] = [
    {
      where: 'VPCs of this region',
      service: 'vpc',
      named: /^VPCs per Region$/i,
      code: 'L-F678F1CE',
      needed: own,
      counts: { kind: 'vpcs' },
    },
    {
      where: 'gateway endpoints of this region',
      service: 'vpc',
      named: /^Gateway VPC endpoints per Region$/i,
      code: 'L-1B52E74A',
      needed: own + endpoints.size,
      counts: { kind: 'gateway-endpoints' },
    },
    ...[...subnets].map(
      ([vpc, used]): NetworkQuota => ({
        where: `network interfaces of Lambda in ${vpc}`,
        service: 'lambda',
        named: /^Elastic network interfaces per VPC$/i,
        code: 'L-9FEE3D26',
        needed: new Set(used.map(({ subnet }) => subnet)).size,
        counts: { kind: 'interfaces', vpc },
      }),
    ),
  ];
  return counted.filter(({ needed }) => needed > 0);
}

/** Whether there is room for it. What is deployed has it already, and is only said. */
export function judgeNetworkQuota(
  { where, service, named, code, needed }: NetworkQuota,
  used: Read<number>,
  quotas: Read<ReadonlyMap<string, number>>,
  deployed: Deployed['kind'],
): readonly Diagnosis[] {
  const none = () => [skipped(where, `Service Quotas names none for "${service}"`)];
  const judge = (taken: number, quota: number): readonly Diagnosis[] => {
    const there = `${taken} of ${quota} are taken`;
    if (deployed === 'deployed' || quota - taken >= needed) return [ok(where, there)];
    const what = `${there}, and the first deploy makes ${needed} more`;
    const vpc = code === 'L-F678F1CE' ? ', or name one that is there in `aws.existing.vpc`' : '';
    const mend = `aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code} --desired-value ${taken + needed}   # answered by AWS in minutes to days${vpc}`;
    // Where nobody knows whether it is deployed, what is taken may be its own.
    return [deployed === 'not-deployed' ? wrong(where, what, mend) : warning(where, what, mend)];
  };
  return judged(
    where,
    used,
    (taken) =>
      judged(
        where,
        quotas,
        (known) => {
          const quota = [...known].find(([name]) => named.test(name))?.[1];
          return quota === undefined ? none() : judge(taken, quota);
        },
        none,
      ),
    none,
  );
}
