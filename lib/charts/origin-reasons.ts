/** Reasons of the vocabulary about where things come from: who signed a package, and which registry images are of. */
export const ORIGIN_REASONS = {
  // Who signed it.
  'signature-missing': {
    says: 'Packages for target {target} have to be signed, and no signature came with this one.',
    whatToDo:
      'Put it beside the package, under the same key with {wanted} behind it, in any order within a minute; then have both taken again: npx fairlead replay. How it is made: docs/uploading.md, "Signed packages".',
  },
  'signature-wrong': {
    says: '{file} does not prove this package: {problem}.',
    whatToDo:
      'Sign the very file that is uploaded ("cosign sign-blob --bundle", an attestation of the job, or "helm package --sign"), and upload package and signature together.',
  },
  'signer-not-allowed': {
    says: 'The package is signed by {signer}, and that is none of the publishers of target {target}: {why}.',
    whatToDo: 'Let the job sign it that the target names, or add this one to publishers of the target.',
  },
  'signed-for-elsewhere': {
    says: 'The package is signed for {meant}, and was uploaded to {found}.',
    whatToDo:
      'Have it signed for this place by whoever may: what is signed for one place counts in no other.',
  },
  'signature-unproven': {
    says: 'What lies beside the package as its signature does not hold: {problem} Target {target} asks for none.',
    whatToDo: 'Sign the very file that is uploaded, or leave the signature out.',
  },

  // Images.
  'image-without-digest': {
    says: '{object} runs {image} in {container}, and this target takes images by their digest alone.',
    whatToDo: 'Write it as NAME@sha256:… ("crane digest", "docker buildx imagetools inspect" say which).',
  },
  'image-registry': {
    says: '{object} runs {image} in {container}, which comes from {registry}.',
    whatToDo: 'Take it from {allowed}, or add its registry to allowedRegistries of the target.',
  },
  'image-malformed': {
    says: '{object} names in {container} an image that no registry could have: {image}.',
    whatToDo: 'Write REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:DIGEST, in lower case and without spaces.',
  },
} as const;
