import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { parseYamlDocuments } from '../objects/yaml.ts';
import { execPlugin } from './exec-plugin.ts';

/** In words for people, without any credential in them. */
export class BadKubeconfig extends Error {
  override readonly name = 'BadKubeconfig';
}

const KUBECONFIG_BYTES = 4 * 1024 * 1024;

/** Kubernetes reads absent, null and empty alike. */
const text = z
  .string()
  .nullish()
  .transform((value) => value || undefined);
const cluster = z.object({
  server: z.string(),
  'certificate-authority': text,
  'certificate-authority-data': text,
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'tls-server-name': text,
  'proxy-url': text,
});
const user = z.object({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  'as-uid': text,
  'as-groups': z.array(z.string()).nullish(),
  'as-user-extra': z.record(z.string(), z.array(z.string())).nullish(),
  exec: execPlugin.nullish(),
  'auth-provider': z.object({ name: z.string() }).nullish(),
});
const kubeconfig = z.object({
  'current-context': text,
  clusters: z.array(z.object({ name: z.string(), cluster })).nullish(),
  users: z.array(z.object({ name: z.string(), user: user.nullish() })).nullish(),
  contexts: z
    .array(z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: text }) }))
    .nullish(),
});
export type User = z.output<typeof user>;
export type ClusterEntry = z.output<typeof cluster>;

/** Something of a kubeconfig by its name, and the file that it stands in: what it names lies beside that. */
export interface Named<Entry> {
  readonly entry: Entry;
  readonly path: string;
}

export interface Kubeconfig {
  /** The files, for people. */
  readonly where: string;
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, Named<ClusterEntry>>;
  readonly users: ReadonlyMap<string, Named<User | undefined>>;
  readonly contexts: ReadonlyMap<
    string,
    Named<{ readonly cluster: string; readonly user?: string | undefined }>
  >;
}

/**
 * One file, or several merged as kubectl does with those of KUBECONFIG (k8s.io/client-go, tools/clientcmd/loader.go):
 * whatever has a name is taken whole from the first that has it, the current context from the first that sets one, and
 * of several, those that are not there are left out.
 * @throws BadKubeconfig with what is wrong with them
 */
export async function loadKubeconfigs(paths: readonly string[]): Promise<Kubeconfig> {
  const where = paths.join(', ');
  const read = await Promise.all(
    paths.map(async (path) => {
      const config = await parsed(path);
      return config === undefined ? [] : [{ path, config }];
    }),
  );
  const found = read.flat();
  if (found.length === 0)
    throw new BadKubeconfig(`${where} cannot be read as a kubeconfig: there is no such file`);
  const named = <Entry>(
    entriesOf: (config: z.output<typeof kubeconfig>) => readonly (readonly [name: string, entry: Entry])[],
  ) => {
    const all = new Map<string, Named<Entry>>();
    for (const { path, config } of found)
      for (const [name, entry] of entriesOf(config)) if (!all.has(name)) all.set(name, { entry, path });
    return all;
  };
  return {
    where,
    currentContext: found.map(({ config }) => config['current-context']).find((name) => name !== undefined),
    clusters: named(({ clusters }) => (clusters ?? []).map(({ name, cluster: entry }) => [name, entry])),
    users: named(({ users }) => (users ?? []).map(({ name, user: entry }) => [name, entry ?? undefined])),
    contexts: named(({ contexts }) => (contexts ?? []).map(({ name, context }) => [name, context])),
  };
}

/** Undefined where there is no such file. */
async function parsed(path: string): Promise<z.output<typeof kubeconfig> | undefined> {
  const bad = (why: string) => new BadKubeconfig(`${path} cannot be read as a kubeconfig: ${why}`);
  let data: Buffer;
  try {
    data = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw bad((error as Error).message);
  }
  if (data.length > KUBECONFIG_BYTES) throw bad(`it has ${data.length} bytes`);
  const documents = parseYamlDocuments(data.toString('utf8'), 'kubernetes');
  // Neither parser's message is repeated: it may hold the line, and a line may hold a token.
  if (documents.kind === 'invalid') throw bad(`line ${documents.line} is no valid YAML`);
  const result = kubeconfig.safeParse(documents.documents[0]?.value ?? {});
  if (result.success) return result.data;
  const [problem] = result.error.issues;
  throw bad(`${problem?.path.join('.') ?? 'it'} is not what is expected there`);
}
