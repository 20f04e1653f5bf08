export function validateValues(_input: { readonly text: string }): number {
  return 0;
}
