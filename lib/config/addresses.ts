/**
 * Where an installation's parts are, for those who call it from outside: SSM parameters below `/fairlead/<installation>/addresses`.
 * What stands there is no secret; what may be done with it, IAM says.
 */
export const ADDRESSES = {
  uploadBucket: 'upload-bucket',
  table: 'table',
  receiveQueue: 'receive-queue',
  readQueue: 'read-queue',
  stateBucket: 'state-bucket',
} as const;

/** Beside them: which version of Fairlead it was deployed with. */
export const versionParameter = (installation: string): string => `/fairlead/${installation}/version`;

export const addressesPath = (installation: string): string => `/fairlead/${installation}/addresses`;
