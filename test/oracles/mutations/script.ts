export async function playScript(_file: string): Promise<number> {
  return 2;
}
