/** A channel did not answer in time: others that ask it just now would wait as long. */
export class Silent extends Error {
  override readonly name = 'Silent';
}
