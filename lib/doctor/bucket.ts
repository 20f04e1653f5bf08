import type { BucketMarks } from '../aws/account/account.ts';
import type { Read } from '../aws/account/reading.ts';
import { type Diagnosis, judged, ok, wrong } from './diagnosis.ts';

/** Whether a bucket is what uploads need. One that Fairlead makes is; one of your own may be changed by others. */
export function judgeUploadBucket(
  bucket: string,
  read: Read<BucketMarks>,
  whose: 'made' | 'existing',
): readonly Diagnosis[] {
  const where = `bucket ${bucket}`;
  const again = (command: string) =>
    whose === 'made'
      ? `${command}   # somebody changed it: "npx cdk deploy --all" does not see that`
      : command;
  return judged(
    where,
    read,
    ({ versioning, eventBridge }) => {
      const found: Diagnosis[] = [];
      if (versioning === 'off')
        found.push(
          wrong(
            where,
            'versioning is off: uploads are read by their version',
            again(
              `aws s3api put-bucket-versioning --bucket ${bucket} --versioning-configuration Status=Enabled`,
            ),
          ),
        );
      if (eventBridge === 'off')
        found.push(
          wrong(
            where,
            'it tells EventBridge nothing: uploads wait for the hourly sweep',
            again(
              `aws s3api get-bucket-notification-configuration --bucket ${bucket} > notifications.json   # add "EventBridgeConfiguration": {} to it, then: aws s3api put-bucket-notification-configuration --bucket ${bucket} --notification-configuration file://notifications.json`,
            ),
          ),
        );
      return found.length === 0 ? [ok(where, 'versioned, and tells EventBridge')] : found;
    },
    () => [
      wrong(
        where,
        'there is no such bucket',
        whose === 'existing' ? `aws s3api create-bucket --bucket ${bucket}` : 'npx cdk deploy --all',
      ),
    ],
  );
}
