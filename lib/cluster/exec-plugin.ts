import { execFile } from 'node:child_process';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { shownWords } from '../objects/credentials.ts';
import { inOneLine } from './words.ts';

/**
 * Credentials from a program (`aws eks get-token`, kubelogin, …), as client-go runs it: client.authentication.k8s.io,
 * ExecCredential (k8s.io/client-go, pkg/apis/clientauthentication; plugin/pkg/client/auth/exec/exec.go).
 */
export const execPlugin = z.object({
  apiVersion: z.string().regex(/^client\.authentication\.k8s\.io\/v1(alpha1|beta1)?$/),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  installHint: z.string().nullish(),
  provideClusterInfo: z.boolean().nullish(),
  interactiveMode: z.string().nullish(),
});
export type ExecPlugin = z.output<typeof execPlugin>;

/** A browser log-in may wait for a person; a program that hangs must not hold a check for ever. */
const PATIENCE_MS = 60_000;
const OUTPUT_BYTES = 1024 * 1024;
const SAID = 300;

const credential = z.object({
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: z.string().min(1).optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
  }),
});

export interface GivenCredential {
  readonly token?: string;
  /** PEM. */
  readonly cert?: string;
  readonly key?: string;
}

/**
 * What the program gives. It is the user's own, named in the user's own kubeconfig, and runs as kubectl would run it:
 * without a shell, a path with a slash relative to the kubeconfig.
 * @throws Error in words for people, without what it printed to its output
 */
export async function runPlugin(
  plugin: ExecPlugin,
  cluster: Readonly<Record<string, string>>,
  folder: string,
): Promise<GivenCredential> {
  const { command, args, env, apiVersion, provideClusterInfo, installHint } = plugin;
  const file = command.includes('/') && !isAbsolute(command) ? join(folder, command) : command;
  const asked = {
    apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(provideClusterInfo === true ? { cluster } : {}) },
  };
  const variables = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      file,
      args ?? [],
      {
        env: { ...process.env, ...variables, KUBERNETES_EXEC_INFO: JSON.stringify(asked) },
        maxBuffer: OUTPUT_BYTES,
        timeout: PATIENCE_MS,
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(failureOf(command, error, stderr, installHint ?? undefined)));
      },
    ).stdin?.end();
  });
  const parsed = credential.safeParse(jsonOf(output));
  if (!parsed.success) throw new Error(`${command} did not print an ExecCredential`);
  const { token, clientCertificateData: cert, clientKeyData: key } = parsed.data.status;
  if (token === undefined && (cert === undefined || key === undefined))
    throw new Error(`${command} gave neither a token nor a certificate with its key`);
  return {
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function failureOf(
  command: string,
  error: { readonly code?: string | number | null; readonly killed?: boolean },
  stderr: string,
  hint: string | undefined,
): string {
  if (error.code === 'ENOENT')
    return `${command} is not installed here${hint === undefined ? '' : `: ${inOneLine(hint, SAID)}`}`;
  if (error.killed === true) return `${command} did not end in ${PATIENCE_MS / 1000} seconds`;
  const said = inOneLine(shownWords(stderr).slice(-SAID), SAID);
  return `${command} failed (${error.code ?? 'killed'})${said === '' ? '' : `: ${said}`}`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
