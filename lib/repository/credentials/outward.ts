import { type Outward, OutwardUnusable } from '../../outward/outward.ts';
import { CredentialUnusable, type GitCredential, nothingToClose, type Pass } from './credential.ts';

/** What git needs to get to `url` at all, beside what opens the door there. */
export function withWay(
  url: string,
  outward: Outward,
  credential: GitCredential | undefined,
): GitCredential | undefined {
  const way = async (): Promise<readonly string[]> => {
    try {
      return await outward.gitConfig(url);
    } catch (error) {
      if (error instanceof OutwardUnusable) throw new CredentialUnusable(error.message);
      throw error;
    }
  };
  const inner: GitCredential = credential ?? {
    pass: async (): Promise<Pass> => ({ secrets: [], close: nothingToClose }),
    renew: async () => 'same',
    advice: () => 'the repository asks for a credential: give its entry in repositories one',
  };
  return {
    async pass() {
      const config = await way();
      return { ...(await inner.pass()), config };
    },
    renew: () => inner.renew(),
    advice: (denial) => inner.advice(denial),
  };
}
