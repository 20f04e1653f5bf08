import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { parseYamlDocuments } from '../objects/yaml.ts';
import { type ExecPlugin, execPlugin, runPlugin } from './exec-plugin.ts';

/**
 * A kubeconfig as kubectl reads it (k8s.io/client-go, tools/clientcmd/api/v1/types.go): who to be, and where. Read by
 * ourselves since the client library that also does loads its model of every API, which costs a command half a second.
 */
export interface KubeconfigAccess {
  /** The context's name. */
  readonly name: string;
  readonly server: string;
  readonly headers: Headers;
  readonly tls: Tls;
  /** `http://proxy:3128` */
  readonly proxy?: string;
}

/** Several values are several lines. */
export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Options of node:tls, under their names. PEM. */
export interface Tls {
  readonly ca?: Buffer;
  readonly cert?: Buffer | string;
  readonly key?: Buffer | string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

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
type User = z.output<typeof user>;
type ClusterEntry = z.output<typeof cluster>;

/** @throws BadKubeconfig with what is wrong with it */
export async function readKubeconfig(path: string, context: string | undefined): Promise<KubeconfigAccess> {
  const config = await parsed(path);
  const contexts = config.contexts ?? [];
  const wanted = context ?? config['current-context'];
  const chosen = contexts.find(({ name }) => name === wanted)?.context;
  if (wanted === undefined || chosen === undefined) {
    if (context === undefined)
      throw new BadKubeconfig(
        `${path} has no current context: name one, or run "kubectl config use-context"`,
      );
    const known = contexts.map(({ name }) => name).join(', ') || 'none';
    throw new BadKubeconfig(`${path} has no context "${context}"; it has ${known}`);
  }
  const to = (config.clusters ?? []).find(({ name }) => name === chosen.cluster)?.cluster;
  if (to === undefined)
    throw new BadKubeconfig(
      `${path}: the context ${wanted} names the cluster "${chosen.cluster}", which is not in it`,
    );
  const as = (config.users ?? []).find(({ name }) => name === chosen.user)?.user ?? undefined;
  if (chosen.user !== undefined && !(config.users ?? []).some(({ name }) => name === chosen.user))
    throw new BadKubeconfig(
      `${path}: the context ${wanted} names the user "${chosen.user}", who is not in it`,
    );

  const files = filesBeside(path);
  const tls = await tlsOf(to, files);
  const access = { name: wanted, server: to.server, ...(to['proxy-url'] ? { proxy: to['proxy-url'] } : {}) };
  if (as === undefined) return { ...access, headers: {}, tls };
  const credential = await credentialOf(as, to, tls, files, path);
  return {
    ...access,
    headers: { ...impersonation(as), ...credential.headers },
    tls: { ...tls, ...credential.tls },
  };
}

async function parsed(path: string): Promise<z.output<typeof kubeconfig>> {
  const bad = (why: string) => new BadKubeconfig(`${path} cannot be read as a kubeconfig: ${why}`);
  let data: Buffer;
  try {
    data = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw bad(code === 'ENOENT' ? 'there is no such file' : (error as Error).message);
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

/** Reads files that a kubeconfig names: relative to itself, as kubectl does. */
const filesBeside = (path: string) => ({
  folder: dirname(path),
  async read(file: string): Promise<Buffer> {
    const at = isAbsolute(file) ? file : join(dirname(path), file);
    return await readFile(at).catch((error: NodeJS.ErrnoException) => {
      throw new BadKubeconfig(`${path} names ${at}, which cannot be read: ${error.code ?? error.message}`);
    });
  },
});
type Files = ReturnType<typeof filesBeside>;

/** What is given inline wins over a file. */
async function pem(
  data: string | undefined,
  file: string | undefined,
  files: Files,
): Promise<Buffer | undefined> {
  if (data !== undefined) return Buffer.from(data, 'base64');
  return file === undefined ? undefined : await files.read(file);
}

async function tlsOf(to: ClusterEntry, files: Files): Promise<Tls> {
  const ca = await pem(to['certificate-authority-data'], to['certificate-authority'], files);
  const servername = to['tls-server-name'];
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(servername === undefined ? {} : { servername }),
    ...(to['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
  };
}

interface Credential {
  readonly headers: Headers;
  readonly tls: Pick<Tls, 'cert' | 'key'>;
}

async function credentialOf(
  as: User,
  to: ClusterEntry,
  tls: Tls,
  files: Files,
  path: string,
): Promise<Credential> {
  const provider = as['auth-provider']?.name;
  if (provider !== undefined)
    throw new BadKubeconfig(
      `${path} logs in through the auth-provider "${provider}", which Kubernetes has given up: use an exec plugin (kubelogin, gke-gcloud-auth-plugin)`,
    );
  if (as.exec != null) {
    const plugin: ExecPlugin = as.exec;
    const ca = tls.ca?.toString('base64');
    const about = { server: to.server, ...(ca === undefined ? {} : { 'certificate-authority-data': ca }) };
    const given = await runPlugin(plugin, about, files.folder).catch((error: Error) => {
      throw new BadKubeconfig(`the credentials in ${path} cannot be used: ${error.message}`);
    });
    return {
      headers: bearer(given.token),
      tls: {
        ...(given.cert === undefined ? {} : { cert: given.cert, ...(given.key ? { key: given.key } : {}) }),
      },
    };
  }
  const cert = await pem(as['client-certificate-data'], as['client-certificate'], files);
  const key = await pem(as['client-key-data'], as['client-key'], files);
  // client-go: a token file wins over a token, since it is what is kept fresh.
  const token =
    as.tokenFile === undefined ? as.token : (await files.read(as.tokenFile)).toString('utf8').trim();
  const basic = Buffer.from(`${as.username ?? ''}:${as.password ?? ''}`).toString('base64');
  return {
    headers:
      token === undefined && as.username !== undefined ? { authorization: `Basic ${basic}` } : bearer(token),
    tls: { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) },
  };
}

const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/** Kubernetes, "User impersonation". */
function impersonation(as: User): Headers {
  if (as.as === undefined) return {};
  const groups = as['as-groups'] ?? [];
  const extras = Object.entries(as['as-user-extra'] ?? {});
  return {
    'impersonate-user': as.as,
    ...(as['as-uid'] === undefined ? {} : { 'impersonate-uid': as['as-uid'] }),
    ...(groups.length === 0 ? {} : { 'impersonate-group': groups }),
    ...Object.fromEntries(
      extras.map(([key, values]) => [`impersonate-extra-${encodeURIComponent(key.toLowerCase())}`, values]),
    ),
  };
}
