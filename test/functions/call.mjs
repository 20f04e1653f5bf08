import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Calls a bundled function: `node call.mjs BUNDLE EVENT-FILE`, and prints its answer. */
const [, , bundle = '', event = ''] = process.argv;
const { handler } = await import(pathToFileURL(bundle).href);
const answer = await handler(JSON.parse(readFileSync(event, 'utf8')));
process.stdout.write(`\n${JSON.stringify(answer)}\n`);
