export function readOutput(_input: { readonly text: string }): number {
  return 0;
}
