#!/usr/bin/env node
// Old syntax and no imports, so that a Node of any age gets as far as saying what it lacks.
const OLDEST = 20;
if (Number(process.versions.node.split('.')[0]) < OLDEST) {
  console.error(`Fairlead needs Node ${OLDEST} or newer, and this is ${process.version}: https://nodejs.org`);
  process.exitCode = 1;
} else {
  await import('../lib/main.mjs');
}
