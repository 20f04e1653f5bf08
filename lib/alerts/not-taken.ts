/** A channel answered, and did not take the alert. Its words name no secret, and nothing of the answer. */
export class NotTaken extends Error {
  override readonly name: string = 'NotTaken';
  /** It asked not to be tried sooner. */
  readonly waitMilliseconds: number | undefined;

  constructor(message: string, waitMilliseconds?: number) {
    super(message);
    this.waitMilliseconds = waitMilliseconds;
  }
}
