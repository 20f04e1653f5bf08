import type { Reason } from '../lib/charts/reasons.ts';
import type { ReasonView } from './state.ts';

/** A reason with its place in one line. */
export const reasonView = ({
  code,
  message,
  place,
  whatToDo,
  excerpt,
}: Omit<Reason, 'code'> & { readonly code: string }): ReasonView => ({
  code,
  message,
  place: place === undefined ? undefined : formatPlace(place),
  whatToDo,
  excerpt,
});

function formatPlace({ file, line, pointer }: NonNullable<Reason['place']>): string | undefined {
  const at = `${file ?? ''}${line === undefined ? '' : `:${line}`}`;
  return [at, pointer].filter((part) => part !== undefined && part !== '').join(' ') || undefined;
}
