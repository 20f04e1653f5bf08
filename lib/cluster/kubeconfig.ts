import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { type ExecPlugin, runPlugin } from './exec-plugin.ts';
import { BadKubeconfig, type ClusterEntry, loadKubeconfigs, type User } from './kubeconfig-files.ts';

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

/**
 * @param paths one file, or several as KUBECONFIG names them
 * @throws BadKubeconfig with what is wrong with it
 */
export async function readKubeconfig(
  paths: readonly string[],
  context: string | undefined,
): Promise<KubeconfigAccess> {
  const { where, currentContext, clusters, users, contexts } = await loadKubeconfigs(paths);
  const wanted = context ?? currentContext;
  const chosen = wanted === undefined ? undefined : contexts.get(wanted)?.entry;
  if (wanted === undefined || chosen === undefined) {
    if (context === undefined)
      throw new BadKubeconfig(
        `${where} has no current context: name one, or run "kubectl config use-context"`,
      );
    const known = [...contexts.keys()].join(', ') || 'none';
    throw new BadKubeconfig(`${where} has no context "${context}"; it has ${known}`);
  }
  const to = clusters.get(chosen.cluster);
  if (to === undefined)
    throw new BadKubeconfig(
      `${where}: the context ${wanted} names the cluster "${chosen.cluster}", which is not in it`,
    );
  const as = chosen.user === undefined ? undefined : users.get(chosen.user);
  if (chosen.user !== undefined && as === undefined)
    throw new BadKubeconfig(
      `${where}: the context ${wanted} names the user "${chosen.user}", who is not in it`,
    );

  const { server, 'proxy-url': proxy } = to.entry;
  const tls = await tlsOf(to.entry, filesBeside(to.path));
  const access = { name: wanted, server, ...(proxy ? { proxy } : {}) };
  if (as?.entry === undefined) return { ...access, headers: {}, tls };
  const credential = await credentialOf(as.entry, to.entry, tls, filesBeside(as.path), as.path);
  return {
    ...access,
    headers: { ...impersonation(as.entry), ...credential.headers },
    tls: { ...tls, ...credential.tls },
  };
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
