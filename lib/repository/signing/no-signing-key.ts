/** The text is no key that commits can be signed with. The message says why and holds no part of it. */
export class NoSigningKey extends Error {
  override readonly name = 'NoSigningKey';
}
