import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

interface Bundled {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly text: string | undefined;
  /** Address of its repository. */
  readonly source?: string;
}

/** Licences under which code may be handed on inside ours. Another one is for people to decide. */
const PERMISSIVE = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'Python-2.0',
]);

/**
 * What is in no bundle and goes along as a file of its own, unchanged: under the LGPL (3, section 4) with its text, that
 * of the GPL which it refers to, where its source is, and the way to put another version in its place.
 */
export interface Beside {
  /** Folder of the package, below the root. */
  readonly folder: string;
  /** Where it lies in what is handed on. */
  readonly at: string;
}

/** Under which a package may go along beside ours, and in no case within. */
const BESIDE_ONLY = new Set(['LGPL-3.0+', 'LGPL-3.0-or-later']);
/** Verbatim, as https://www.gnu.org/licenses/gpl-3.0.txt has it. */
const GPL = join(import.meta.dirname, 'gpl-3.0.txt');

export class UnknownLicence extends Error {
  override readonly name = 'UnknownLicence';
}

/** The licences of all that is handed on, with their texts. @throws UnknownLicence for one that does not permit that */
export async function formatNotices(
  root: string,
  metafiles: readonly Metafile[],
  beside: Beside,
): Promise<string> {
  const used = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap((output) => Object.keys(output.inputs)),
  );
  const folders = new Set(
    used
      .map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
      .filter((folder) => folder !== undefined),
  );
  const all = await Promise.all([...folders].sort().map((folder) => read(join(root, folder))));
  const unchanged = await read(join(root, beside.folder));
  const odd = [
    ...all.filter(({ license }) => !PERMISSIVE.has(license)),
    ...(BESIDE_ONLY.has(unchanged.license) && unchanged.text !== undefined ? [] : [unchanged]),
  ];
  if (odd.length > 0) {
    throw new UnknownLicence(odd.map(({ name, license }) => `${name} is under ${license}`).join(', '));
  }
  return [
    'Fairlead contains code of these packages, under the licences that follow.',
    ...all.map(section),
    section({ ...unchanged, text: `${besideText(unchanged, beside)}\n\n${unchanged.text}` }),
    section({
      name: 'GNU General Public License',
      version: '3',
      license: 'which the LGPL refers to',
      text: await readFile(GPL, 'utf8'),
    }),
    '',
  ].join('\n\n');
}

const section = ({ name, version, license, text }: Bundled): string =>
  [`${'='.repeat(78)}`, `${name} ${version} (${license})`, '', text ?? `Licence: ${license}`].join('\n');

const besideText = ({ name, version, source }: Bundled, { at }: Beside): string =>
  [
    `Fairlead uses the library ${name}, which is covered by the GNU Lesser General Public License, version 3 or later.`,
    `It lies unchanged at ${at} and is loaded from there when a commit is signed. Another version of it`,
    'with the same interface may be put in its place: Fairlead then uses that. Its source:',
    `${source ?? 'with its makers'}, version ${version}.`,
  ].join('\n');

async function read(folder: string): Promise<Bundled> {
  const { name, version, license, repository } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  ) as Readonly<Record<string, unknown>>;
  const files = await readdir(folder);
  const file = files.find((each) => /^(licen[cs]e|copying)([.-].*)?$/i.test(each));
  const text = file === undefined ? undefined : (await readFile(join(folder, file), 'utf8')).trim();
  const source = typeof repository === 'object' && repository !== null && 'url' in repository;
  return {
    name: String(name),
    version: String(version),
    license: String(license),
    text,
    ...(source ? { source: String(repository.url).replace(/^git\+|\.git$/g, '') } : {}),
  };
}
