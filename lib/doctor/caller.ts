import type { Caller } from '../aws/account/account.ts';
import type { Read } from '../aws/account/reading.ts';
import type { Config } from '../config/config.ts';
import { type Diagnosis, ok, skipped, warning, wrong } from './diagnosis.ts';

/** AWS refuses signatures that are further off (AWS General Reference, "Signature Version 4"); EKS tokens earlier. */
const CLOCK_WRONG_MS = 4 * 60_000;
const CLOCK_WARNING_MS = 30_000;

/** An ARN of the configuration, and the entry that it stands in. */
export interface NamedPlace {
  readonly entry: string;
  readonly arn: string;
}

const ARN = /^arn:aws[a-z-]*:([a-z0-9-]+):([a-z0-9-]*):(\d{12})?:/;

/** Every ARN that the configuration names, wherever it stands. */
export function placesNamed(config: Config): readonly NamedPlace[] {
  const found: NamedPlace[] = [];
  const look = (value: unknown, entry: string): void => {
    if (typeof value === 'string') {
      if (ARN.test(value)) found.push({ entry, arn: value });
    } else if (Array.isArray(value)) {
      for (const [index, each] of value.entries()) look(each, `${entry}[${index}]`);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, each] of Object.entries(value)) look(each, entry === '' ? name : `${entry}.${name}`);
    }
  };
  look(config, '');
  return found;
}

/** Services whose parts must be in the account and region of the stack that uses them. */
const HERE_ALONE = new Set(['kms', 'sns', 'secretsmanager', 's3', 'ec2']);

/** Who calls, and whether that is the account that the configuration is about. */
export function judgeCaller(read: Read<Caller>, places: readonly NamedPlace[]): readonly Diagnosis[] {
  if (read.kind !== 'read') {
    const why = read.kind === 'failed' ? read.reason : `AWS answers "${read.kind}"`;
    return [
      wrong(
        'here',
        `AWS is not reached with these credentials (${why})`,
        'aws sts get-caller-identity   # then set AWS_PROFILE and AWS_REGION, or sign in again with "aws sso login"',
      ),
    ];
  }
  const { arn, account, region } = read.value;
  const elsewhere = places.flatMap(({ entry, arn: named }): Diagnosis[] => {
    const [, service = '', itsRegion = '', itsAccount = account] = ARN.exec(named) ?? [];
    if (!HERE_ALONE.has(service)) return [];
    const isOther = itsAccount !== account || (itsRegion !== '' && itsRegion !== region);
    if (!isOther) return [];
    const there = `account ${itsAccount}${itsRegion === '' ? '' : ` in ${itsRegion}`}`;
    return [
      warning(
        entry,
        `it names something of ${there}; you are in account ${account} in ${region}`,
        `Use the credentials and AWS_REGION of that account, or correct ${entry}; across accounts its own policy must admit this one`,
      ),
    ];
  });
  return [ok('here', `${arn}, account ${account}, ${region}`), ...elsewhere];
}

/** Signatures and tokens are good for minutes: a clock that is off looks like wrong credentials. */
export function judgeClock(read: Read<Caller>): readonly Diagnosis[] {
  if (read.kind !== 'read' || read.value.clockAheadMs === undefined)
    return [skipped('here', "AWS's clock is not known: its answer had no date")];
  const { clockAheadMs } = read.value;
  const off = Math.abs(clockAheadMs);
  const says = `${Math.round(off / 1000)} seconds ${clockAheadMs > 0 ? 'ahead of' : 'behind'} AWS`;
  if (off >= CLOCK_WRONG_MS)
    return [
      wrong(
        'here',
        `this machine's clock is ${says}: signatures are refused`,
        'sudo timedatectl set-ntp true',
      ),
    ];
  if (off >= CLOCK_WARNING_MS)
    return [warning('here', `this machine's clock is ${says}`, 'sudo timedatectl set-ntp true')];
  return [
    ok('here', `this machine's clock agrees with AWS's to ${Math.ceil(CLOCK_WARNING_MS / 1000)} seconds`),
  ];
}
