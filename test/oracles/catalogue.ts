import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { argv, exit } from 'node:process';
import * as z from 'zod';
import type { RenderedObject } from '../../lib/charts/render-request.ts';
import { type Judgement, judgeSet, type Schemas } from '../../lib/drift/drift.ts';
import { type RawSchema, schemaOfCustomKind } from '../../lib/drift/openapi.ts';
import type { ObjectVerdict } from '../../lib/drift/verdicts.ts';
import { parseJson } from '../../lib/objects/json.ts';
import { groupOf, type KubernetesObject } from '../../lib/objects/objects.ts';
import { parseYamlDocuments } from '../../lib/objects/yaml.ts';
import { builtInSchemas } from './schemas.ts';

/**
 * npm run catalogue -- FILE|FOLDER…
 * Of a folder, its cases.json. Judges recorded cases: each a desired object, a live one and the verdict that a drift check must reach. Two formats:
 *   {cases: [{name, desired, live, verdict: "in-sync" | "drift", context?: {desired?, schema?}}], setLevel?}
 *   {cases: [{name, desired: FILE, live: FILE, modified: boolean}]}: another tool's, which judges the declared part only
 * Names the cases that fail; the last line is JSON with the totals. Exits with 1 if one fails.
 */

const object = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: z.looseObject({}) });
const judged = z.object({
  name: z.string(),
  desired: object.nullable(),
  live: object.nullable(),
  verdict: z.string(),
  context: z.object({ desired: z.array(object).optional(), schema: z.looseObject({}).optional() }).optional(),
});
const recorded = z.object({
  name: z.string(),
  desired: z.string().nullable(),
  live: z.string().nullable(),
  modified: z.boolean(),
  options: z.object({ ignoreDifferences: z.array(z.looseObject({})).optional() }).optional(),
});
const catalogue = z.object({
  cases: z.array(z.unknown()),
  setLevel: z.array(z.looseObject({ name: z.string() })).optional(),
});

/** Recorded cases where we mean to answer the opposite, and why. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'unknown-field-in-known-type':
    'an unknown field is pruned when it is applied: a warning at upload, no drift',
  'aggregated-clusterrole-not-ignored':
    'rules of an aggregated role are the aggregator’s: we have no option for that',
};

interface Outcome {
  readonly name: string;
  readonly expected: string;
  readonly got: string;
  readonly right: boolean;
}

const schemas = await builtInSchemas();
const outcomes: Outcome[] = [];
const setLevel: string[] = [];
const files = argv.slice(2);
if (files.length === 0) {
  console.error('which cases? npm run catalogue -- FILE|FOLDER…');
  exit(2);
}
for (const given of files) {
  const file = (await stat(given)).isDirectory() ? join(given, 'cases.json') : given;
  const content = catalogue.parse(parseJson(await readFile(file, 'utf8')));
  for (const entry of content.cases) {
    const own = judged.safeParse(entry);
    outcomes.push(
      own.success ? judgeCase(own.data) : await judgeRecorded(recorded.parse(entry), dirname(file)),
    );
  }
  setLevel.push(...(content.setLevel ?? []).map(({ name }) => name));
}
const wrong = outcomes.filter(({ right }) => !right);
for (const { name, expected, got } of wrong) console.log(`${name}: expected ${expected}, got ${got}`);
// They describe situations in words, for judgements that take more than one object; the tests of lib/drift have them.
if (setLevel.length > 0) console.log(`described in words, not judged here: ${setLevel.join(', ')}`);
console.log(
  JSON.stringify({
    cases: outcomes.length,
    right: outcomes.length - wrong.length,
    wrong: wrong.length,
    described: setLevel.length,
  }),
);
exit(wrong.length > 0 ? 1 : 0);

function judgeCase(entry: z.output<typeof judged>): Outcome {
  const known = entry.context?.schema;
  const served = known === undefined ? schemas : withKind(schemaOfCustomKind(known as RawSchema));
  const verdicts = verdictsOf(entry.desired, entry.live, served, entry.context?.desired ?? []);
  const got = said(verdicts);
  const right =
    entry.verdict === 'drift'
      ? verdicts.some(({ kind }) => kind === 'drift')
      : entry.verdict === 'in-sync'
        ? verdicts.every(({ kind }) => kind === 'in-sync')
        : verdicts.some((verdict) => verdict.kind === entry.verdict || hasFinding(verdict, entry.verdict));
  return { name: entry.name, expected: entry.verdict, got, right };
}

async function judgeRecorded(entry: z.output<typeof recorded>, folder: string): Promise<Outcome> {
  const desired = await readObject(entry.desired, folder);
  const live = await readObject(entry.live, folder);
  const verdicts = verdictsOf(
    desired,
    live,
    schemas,
    [],
    askedToIgnore(desired, entry.options?.ignoreDifferences),
  );
  // It judges the declared part only: what it calls the same may have additions.
  const differs = verdicts.some(
    (verdict) =>
      hasFinding(verdict, 'changed') ||
      hasFinding(verdict, 'missing') ||
      (entry.modified && hasFinding(verdict, 'added')),
  );
  const otherwise = OTHERWISE[entry.name];
  return {
    name: entry.name,
    expected: entry.modified ? 'drift' : 'in-sync',
    got: otherwise === undefined ? said(verdicts) : `${said(verdicts)} (${otherwise})`,
    right: (differs === entry.modified) === (otherwise === undefined),
  };
}

function verdictsOf(
  desired: unknown,
  live: unknown,
  served: Schemas,
  alsoDeclared: readonly unknown[],
  asked: Partial<Judgement> = {},
): readonly ObjectVerdict[] {
  if (desired === null) return [];
  const rendered: RenderedObject = {
    object: desired as KubernetesObject,
    role: 'applied',
    source: '',
    unstable: [],
    usesLookup: false,
  };
  return judgeSet({
    desired: [rendered],
    live: {
      find: () => (live === null ? { kind: 'absent' } : { kind: 'found', object: live as KubernetesObject }),
      owned: [],
    },
    schemas: served,
    deployer: 'none',
    alsoDeclared: alsoDeclared as readonly KubernetesObject[],
    // Most were recorded without owners, which is not what they are about.
    ownership: 'optional',
    ...asked,
  });
}

/** An Application that deploys the object and ignores these places of it; its group and kind are the object's. */
function askedToIgnore(desired: unknown, rules: readonly object[] = []): Partial<Judgement> {
  if (rules.length === 0) return {};
  const { apiVersion, kind } = object.parse(desired);
  const ignoreDifferences = rules.map((rule) => ({ group: groupOf(apiVersion), kind, ...rule }));
  const application = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'cases', namespace: 'argocd' },
    spec: { ignoreDifferences },
  };
  const deployedBy = { apiVersion: application.apiVersion, kind: 'Application', ...application.metadata };
  return {
    alsoDeclared: [application as unknown as KubernetesObject],
    release: { namespace: 'cases', name: 'cases', deployedBy },
  };
}

function withKind(schema: ReturnType<typeof schemaOfCustomKind>): Schemas {
  return { of: () => schema };
}

function hasFinding(verdict: ObjectVerdict, kind: string): boolean {
  return verdict.kind === 'drift' && verdict.findings.some((finding) => finding.verdict === kind);
}

function said(verdicts: readonly ObjectVerdict[]): string {
  return (
    verdicts
      .map((verdict) =>
        verdict.kind === 'drift'
          ? verdict.findings
              .map(({ verdict: kind, at, note }) => `${kind} ${at}${note ? ` (${note})` : ''}`)
              .join('; ')
          : verdict.kind,
      )
      .join('; ') || 'no verdict'
  );
}

async function readObject(file: string | null, folder: string): Promise<unknown> {
  if (file === null) return null;
  const text = await readFile(join(folder, file), 'utf8');
  if (file.endsWith('.json')) return parseJson(text);
  const parsed = parseYamlDocuments(text, 'kubernetes');
  if (parsed.kind === 'invalid') throw new Error(`${file}:${parsed.line}: ${parsed.message}`);
  return parsed.documents[0]?.value ?? null;
}
