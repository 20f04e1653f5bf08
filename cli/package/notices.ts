import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

interface Bundled {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly text: string | undefined;
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

/** Others, by package, with why they may be handed on as they are. */
const DECIDED: Readonly<Record<string, string>> = {
  // LGPL 3, section 4: its text goes along, it is used unchanged, and whoever wants another version of it bundles that
  // with our sources (`npm run pack`), which are there for everybody.
  openpgp: 'LGPL-3.0+',
};

export class UnknownLicence extends Error {
  override readonly name = 'UnknownLicence';
}

/** The licences of all that was bundled, with their texts. @throws UnknownLicence for one that is not permissive */
export async function formatNotices(root: string, metafiles: readonly Metafile[]): Promise<string> {
  const used = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap((output) => Object.keys(output.inputs)),
  );
  const folders = new Set(
    used
      .map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
      .filter((folder) => folder !== undefined),
  );
  const all = await Promise.all([...folders].sort().map((folder) => read(join(root, folder))));
  const odd = all.filter(({ name, license }) => !PERMISSIVE.has(license) && DECIDED[name] !== license);
  if (odd.length > 0) {
    throw new UnknownLicence(odd.map(({ name, license }) => `${name} is under ${license}`).join(', '));
  }
  return [
    'Fairlead contains code of these packages, under the licences that follow.',
    ...all.map(({ name, version, license, text }) =>
      [`${'='.repeat(78)}`, `${name} ${version} (${license})`, '', text ?? `Licence: ${license}`].join('\n'),
    ),
    '',
  ].join('\n\n');
}

async function read(folder: string): Promise<Bundled> {
  const { name, version, license } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  ) as Readonly<Record<string, unknown>>;
  const files = await readdir(folder);
  const file = files.find((each) => /^(licen[cs]e|copying)([.-].*)?$/i.test(each));
  const text = file === undefined ? undefined : (await readFile(join(folder, file), 'utf8')).trim();
  return { name: String(name), version: String(version), license: String(license), text };
}
