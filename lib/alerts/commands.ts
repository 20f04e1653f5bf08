import { groupOf, type ObjectReference } from '../objects/objects.ts';
import type { Alert } from './alert.ts';

/**
 * Commands that people paste: made of names alone, quoted for a POSIX shell. What is no ordinary name gets none, since
 * names come from whoever can write to Git or edit a cluster.
 */

const NAME_CHARACTERS = 253;

/** A name as Kubernetes has them: path segments (RBAC names hold colons), of a length that one can read. */
export const isOrdinary = (name: string): boolean =>
  name !== '' && name.length <= NAME_CHARACTERS && /^[A-Za-z0-9._:@ -]*$/.test(name) && !name.startsWith('-');

/** A path in a repository, of ordinary names. */
export const isOrdinaryPath = (path: string): boolean =>
  path.split('/').every((name) => isOrdinary(name) && name !== '..');

/** For a POSIX shell. */
export const quoted = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** `-n shop deployment.apps/web`; undefined for a name that no command should hold. */
export function objectArguments({ apiVersion, kind, namespace, name }: ObjectReference): string | undefined {
  if (!isOrdinary(kind) || !isOrdinary(name)) return undefined;
  const group = groupOf(apiVersion);
  if (group !== '' && !isOrdinary(group)) return undefined;
  const type = kind.toLowerCase() + (group === '' ? '' : `.${group}`);
  const place = inNamespace(namespace);
  return place === undefined ? undefined : `${place}${quoted(`${type}/${name}`)}`;
}

/** `-n shop `; empty where there is none, undefined for a name that no command should hold. */
export function inNamespace(namespace: string | undefined): string | undefined {
  if (namespace === undefined || namespace === '') return '';
  return isOrdinary(namespace) ? `-n ${quoted(namespace)} ` : undefined;
}

/** How the installation that runs on a developer's machine is called (local/configuration.ts): it is found by itself. */
const LOCAL = 'local';

/** `npx fairlead replay shop/ --installation fairlead`, so that it speaks to the installation that wrote the alert. */
export const fairlead = (command: string, { installation }: Pick<Alert, 'installation'>): string =>
  `npx fairlead ${command}${installation === LOCAL || !isOrdinary(installation) ? '' : ` --installation ${quoted(installation)}`}`;

/** Where the whole alert is, and how its incident went on; undefined for a key that no command should hold. */
export const reportCommand = (alert: Alert): string | undefined =>
  isOrdinaryPath(alert.incident) ? fairlead(`incidents ${quoted(alert.incident)}`, alert) : undefined;
