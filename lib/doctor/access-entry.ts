import type { AccessEntry, EksCluster } from '../aws/account/account.ts';
import type { Read } from '../aws/account/reading.ts';
import { CHECK_GROUP } from '../bootstrap/check-rights.ts';
import type { ClusterAccess } from '../config/clusters.ts';
import { type Diagnosis, judged, ok, warning, wrong } from './diagnosis.ts';

export interface ClusterPlace {
  readonly name: string;
  readonly region: string;
}

const placeOf = ({ name, region }: ClusterPlace): string => `EKS cluster ${name} in ${region}`;

/** Whether the cluster lets roles in by access entries, and whether the functions can reach it. */
export function judgeEksCluster(
  place: ClusterPlace,
  read: Read<EksCluster>,
  stands: 'in-vpc' | 'in-no-vpc',
): readonly Diagnosis[] {
  const where = placeOf(place);
  const update = `aws eks update-cluster-config --name ${place.name} --region ${place.region}`;
  return judged(
    where,
    read,
    (cluster) => [
      ...(cluster.status === 'ACTIVE' || cluster.status === 'UPDATING'
        ? []
        : [
            wrong(
              where,
              `its status is ${cluster.status}`,
              `aws eks describe-cluster --name ${place.name} --region ${place.region} --query cluster.health`,
            ),
          ]),
      cluster.authenticationMode.startsWith('API')
        ? ok(where, `authentication mode ${cluster.authenticationMode}`)
        : wrong(
            where,
            `its authentication mode is ${cluster.authenticationMode}: access entries are not looked at`,
            `${update} --access-config authenticationMode=API_AND_CONFIG_MAP`,
          ),
      judgeEndpoint(where, cluster, stands, update),
    ],
    () => [
      wrong(
        where,
        'there is no such cluster in this account',
        `aws eks list-clusters --region ${place.region}   # then correct name or region in the configuration`,
      ),
    ],
  );
}

const ANYWHERE = ['0.0.0.0/0', '::/0'];

function judgeEndpoint(
  where: string,
  { isPublic, isPrivate, publicCidrs, vpc }: EksCluster,
  stands: 'in-vpc' | 'in-no-vpc',
  update: string,
): Diagnosis {
  const placed = `Give the cluster \`vpc: { id: '${vpc ?? 'vpc-…'}', subnets: […] }\` in the configuration: check-drift then stands in it`;
  switch (stands) {
    case 'in-vpc':
      return isPrivate
        ? ok(where, 'its private endpoint is on, and check-drift stands in its network')
        : wrong(
            where,
            'its private endpoint is off: check-drift, which stands in its network without a way out, does not reach it',
            `${update} --resources-vpc-config endpointPrivateAccess=true`,
          );
    case 'in-no-vpc':
      if (!isPublic)
        return wrong(where, 'its endpoint is private, and check-drift stands in no network of yours', placed);
      return publicCidrs.length > 0 && !publicCidrs.some((cidr) => ANYWHERE.includes(cidr))
        ? wrong(
            where,
            `its public endpoint admits only ${publicCidrs.join(', ')}; a function outside of a network has no address of its own`,
            placed,
          )
        : ok(where, 'its public endpoint is on');
  }
}

const POLICIES: Readonly<Record<Exclude<ClusterAccess, 'group'>, string>> = {
  'view-policy': 'AmazonEKSViewPolicy',
  'admin-view-policy': 'AmazonEKSAdminViewPolicy',
};

/** A role's ARN as an access entry has it: EKS knows roles with their path. */
export interface EntryQuestion {
  readonly place: ClusterPlace;
  readonly roleArn: string;
  readonly access: ClusterAccess;
  /** Of the targets, where an access policy is to hold. */
  readonly namespaces: readonly string[];
  readonly roleCreatedAt: Date | undefined;
}

/**
 * Whether the role of the check gets in, as whom, and whether it is the role that the entry was made for. EKS keeps the
 * role's unique id with the entry and shows it to nobody (EKS API, AccessEntry, `principalArn`): a role that is younger
 * than its entry is another one.
 */
export function judgeAccessEntry(
  { place, roleArn, access, namespaces, roleCreatedAt }: EntryQuestion,
  read: Read<AccessEntry>,
): readonly Diagnosis[] {
  const where = placeOf(place);
  const of = `--cluster-name ${place.name} --region ${place.region} --principal-arn ${roleArn}`;
  const create = `aws eks create-access-entry ${of} --kubernetes-groups ${CHECK_GROUP}`;
  const associate =
    access === 'group'
      ? undefined
      : `aws eks associate-access-policy ${of} --policy-arn arn:aws:eks::aws:cluster-access-policy/${POLICIES[access]} --access-scope type=namespace,namespaces=${namespaces.join(',')}`;
  const anew = `aws eks delete-access-entry ${of} && ${create}${associate === undefined ? '' : ` && ${associate}`}`;
  return judged(
    where,
    read,
    ({ createdAt, groups, policies }) => {
      if (roleCreatedAt !== undefined && createdAt !== undefined && roleCreatedAt > createdAt)
        return [
          wrong(
            where,
            `the role ${roleArn} was made at ${roleCreatedAt.toISOString()}, after its access entry (${createdAt.toISOString()}): the entry is another role's of that name, and lets nobody in`,
            anew,
          ),
        ];
      const age: Diagnosis[] =
        roleCreatedAt === undefined
          ? [
              warning(
                where,
                'whether the access entry was made for this role or for one before it of the same name is not known: the role was not read',
                `aws iam get-role --role-name ${roleArn.slice(roleArn.lastIndexOf('/') + 1)} --query Role.CreateDate`,
              ),
            ]
          : [];
      return [...judgeRights(where, of, { access, groups, policies, associate }), ...age];
    },
    () => [
      wrong(
        where,
        `no access entry for ${roleArn}`,
        `${create}${associate === undefined ? '' : ` && ${associate}`}   # "npx cdk deploy --all" makes it in clusters of the stack's account and region`,
      ),
    ],
  );
}

function judgeRights(
  where: string,
  of: string,
  {
    access,
    groups,
    policies,
    associate,
  }: Pick<AccessEntry, 'groups' | 'policies'> & {
    readonly access: ClusterAccess;
    readonly associate: string | undefined;
  },
): readonly Diagnosis[] {
  const tooMuch = policies.filter((arn) => !Object.values(POLICIES).some((name) => arn.endsWith(`/${name}`)));
  const more: Diagnosis[] = tooMuch.map((arn) =>
    warning(
      where,
      `the check only reads, and its access entry has ${arn.slice(arn.lastIndexOf('/') + 1)}`,
      `aws eks disassociate-access-policy ${of} --policy-arn ${arn}`,
    ),
  );
  const group = groups.includes(CHECK_GROUP)
    ? ok(where, `access entry in the group ${CHECK_GROUP}`)
    : wrong(
        where,
        `its access entry is in ${groups.join(', ') || 'no group'}, not in ${CHECK_GROUP}`,
        `aws eks update-access-entry ${of} --kubernetes-groups ${CHECK_GROUP}`,
      );
  if (access === 'group') return [group, ...more];
  const name = POLICIES[access];
  const policy = policies.some((arn) => arn.endsWith(`/${name}`))
    ? ok(where, `access entry with ${name}`)
    : wrong(where, `its access entry has no ${name}`, associate ?? '');
  return [group, policy, ...more];
}
