/** What the stand-in for Flux and Argo CD says as it works. */
export type DeployerEvent =
  | { readonly kind: 'applied'; readonly target: string; readonly commit: string; readonly objects: number }
  | { readonly kind: 'removed'; readonly target: string; readonly object: string }
  | { readonly kind: 'failed'; readonly target: string; readonly what: string; readonly message: string };
