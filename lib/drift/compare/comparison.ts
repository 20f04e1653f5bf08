import { defaultRules } from './defaulted.ts';
import { walkList } from './lists.ts';
import type { Comparison } from './visitor.ts';
import { walk } from './walk.ts';

/** The rules of comparing, put together. */
export const comparison: Comparison = {
  value: walk,
  list: walkList,
  ...defaultRules(() => comparison),
};
