import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An empty bare repository without template, hooks or description (gitrepository-layout(5)). */
export async function makeBare(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'objects', 'pack'), { recursive: true });
  await mkdir(join(folder, 'objects', 'info'), { recursive: true });
  await mkdir(join(folder, 'refs', 'heads'), { recursive: true });
  await writeFile(join(folder, 'HEAD'), 'ref: refs/heads/none\n');
}

/**
 * The whole of a clone's configuration. No hooks, no upkeep in the background, nothing but the wanted protocols;
 * no redirects, which would carry the credential to another host. `pack.window=0`: a push from a clone without old
 * files would fetch them as delta bases.
 */
export const configOf = (url: string): string => `[core]
	repositoryformatversion = 0
	bare = true
	hooksPath = /dev/null
	logAllRefUpdates = false
[gc]
	auto = 0
[maintenance]
	auto = false
[pack]
	window = 0
[fastimport]
	unpackLimit = 0
[fetch]
	unpackLimit = 1
[http]
	followRedirects = false
[protocol]
	version = 2
	allow = never
[protocol "https"]
	allow = always
[protocol "http"]
	allow = always
[protocol "ssh"]
	allow = always
[protocol "file"]
	allow = always
[advice]
	pushUpdateRejected = false
[remote "origin"]
	url = "${url.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"
`;
