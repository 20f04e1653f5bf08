import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type OpenApiDocument, type Schemas, schemasFrom } from '../../lib/drift/drift.ts';

/**
 * The schemas of the built-in kinds as kube-apiserver 1.35.4 serves them (`/openapi/v3`), descriptions taken out: for
 * tests and oracles that need no server.
 */
export async function builtInSchemas(): Promise<Schemas> {
  const packed = await readFile(new URL('openapi-1.35.json.gz', import.meta.url));
  const text = (await promisify(gunzip)(packed)).toString('utf8');
  return schemasFrom([JSON.parse(text) as OpenApiDocument]);
}
