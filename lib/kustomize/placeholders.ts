/**
 * What stands for values that are never read: those of the cluster's Secrets, and what SOPS has encrypted. Everything
 * is made twice, and what comes out differently depends on such a value. Alike in no character that matters, so that
 * the two also differ where only a part of one is used.
 */
export const PLACEHOLDERS = ['fairlead-placeholder-a', 'stand-in-of-fairlead-b'] as const;
const [FIRST, OTHER] = PLACEHOLDERS;

/** Whether a value that is never read went into the text. */
export const holdsPlaceholder = (text: string): boolean => text.includes(FIRST);

/** The same text with the other placeholder. */
export const withOtherPlaceholder = (text: string): string => text.replaceAll(FIRST, OTHER);
