import type { ReasonCode } from '../../../lib/charts/reasons.ts';
import { chartFile, packageOf, type TestEntry, webChart } from '../../lib/charts/package/packages.ts';
import {
  asChart,
  type HostileCase,
  harmless,
  LARGE,
  type Limits,
  QUICK,
  refused,
  type Surroundings,
} from './case.ts';

const FAMILY = 'schemas';
/** Each release has names of its own. */
const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-{{ .Release.Name }}\n';
const REFERENCE: readonly ReasonCode[] = ['values-schema-reference'];
const INVALID: readonly ReasonCode[] = ['values-schema-invalid'];
/** The worker is given five seconds for the schema and five for the values. */
const SLOW: Limits = { ...LARGE, seconds: 30 };

type Schema = object | boolean | string;

const withSchema =
  (
    schema: (around: Surroundings) => Schema,
    values = 'name: web\n',
    where = '',
    ...more: readonly TestEntry[]
  ) =>
  (around: Surroundings) => {
    const made = schema(around);
    return asChart(() =>
      packageOf(
        webChart(
          { name: 'web/templates/a.yaml', data: CONFIG_MAP },
          { name: `web/${where}values.yaml`, data: values },
          {
            name: `web/${where}values.schema.json`,
            data: typeof made === 'string' ? made : JSON.stringify(made),
          },
          ...more,
        ),
      ),
    )(around);
  };
const bad = (
  name: string,
  schema: (around: Surroundings) => Schema,
  codes: readonly ReasonCode[],
  limits: Limits = QUICK,
): HostileCase => refused(FAMILY, name, withSchema(schema), codes, { limits });
const fine = (name: string, schema: (around: Surroundings) => Schema, limits: Limits = QUICK): HostileCase =>
  harmless(FAMILY, name, withSchema(schema), { limits });

const references: readonly HostileCase[] = [
  bad('$ref to the network', ({ canaryUrl }) => ({ $ref: canaryUrl }), REFERENCE),
  bad(
    '$ref to a file',
    ({ canaryFile }) => ({ properties: { name: { $ref: `file://${canaryFile}` } } }),
    REFERENCE,
  ),
  bad('$ref to a file beside it', () => ({ $ref: 'Chart.yaml' }), REFERENCE),
  bad('$ref that leads out', () => ({ $ref: '../../../../etc/passwd' }), REFERENCE),
  bad(
    '$ref to an address without a scheme',
    ({ canaryUrl }) => ({ $ref: canaryUrl.replace('http:', '') }),
    REFERENCE,
  ),
  bad('$ref by an escape', ({ canaryUrl }) => `{"\\u0024ref": "${canaryUrl}"}`, REFERENCE),
  bad(
    '$ref deep in a definition that nobody uses',
    ({ canaryUrl }) => ({ $defs: { a: { allOf: [{ items: { $ref: canaryUrl } }] } } }),
    REFERENCE,
  ),
  bad('$dynamicRef to the network', ({ canaryUrl }) => ({ $dynamicRef: canaryUrl }), REFERENCE),
  bad(
    '$recursiveRef to the network',
    ({ canaryUrl }) => ({
      $schema: 'https://json-schema.org/draft/2019-09/schema',
      $recursiveRef: canaryUrl,
    }),
    REFERENCE,
  ),
  bad(
    '$id that moves where # leads',
    ({ canaryUrl }) => ({ $id: canaryUrl, $ref: '#/properties/a' }),
    REFERENCE,
  ),
  bad('$schema of its own', ({ canaryUrl }) => ({ $schema: canaryUrl, type: 'object' }), REFERENCE),
  bad(
    '$schema that only begins like a known one',
    ({ canaryUrl }) => ({
      $schema: `https://json-schema.org/draft/2020-12/schema/../../..${new URL(canaryUrl).pathname}`,
    }),
    REFERENCE,
  ),
  refused(
    FAMILY,
    '$ref in the schema of a chart inside',
    withSchema(({ canaryUrl }) => ({ $ref: canaryUrl }), 'a: 1\n', 'charts/db/', {
      name: 'web/charts/db/Chart.yaml',
      data: chartFile('db'),
    }),
    REFERENCE,
  ),
  refused(
    FAMILY,
    '$ref in the schema of a package inside',
    async (around: Surroundings) => {
      const inner = await packageOf([
        { name: 'db/Chart.yaml', data: chartFile('db') },
        { name: 'db/values.schema.json', data: JSON.stringify({ $ref: around.canaryUrl }) },
      ]);
      return asChart(() => packageOf(webChart({ name: 'web/charts/db-1.0.0.tgz', data: inner })))(around);
    },
    REFERENCE,
  ),
  fine('a draft 4 id elsewhere, which nothing follows', ({ canaryUrl }) => ({
    $schema: 'http://json-schema.org/draft-04/schema#',
    id: canaryUrl,
    type: 'object',
  })),
];

const doubling = (levels: number): Schema => ({
  $defs: Object.fromEntries(
    Array.from({ length: levels }, (_, at) => [
      `d${at}`,
      at === levels - 1 ? {} : { allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] },
    ]),
  ),
  $ref: '#/$defs/d0',
});

const bombs: readonly HostileCase[] = [
  bad('a schema that is no JSON', () => '{"type": ', INVALID),
  bad('a schema that is a text', () => '"object"', INVALID),
  bad('a $ref to itself', () => ({ $ref: '#' }), INVALID, SLOW),
  bad(
    'two $ref to each other',
    () => ({ $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }),
    INVALID,
    SLOW,
  ),
  bad('a $ref to nothing', () => ({ $ref: '#/$defs/nobody' }), INVALID),
  bad(
    'a schema that nests 20,000 deep',
    () => `${'{"not":'.repeat(20_000)}{}${'}'.repeat(20_000)}`,
    INVALID,
    SLOW,
  ),
  bad('references that double 40 times', () => doubling(40), INVALID, SLOW),
  refused(
    FAMILY,
    'a pattern that takes for ever',
    withSchema(() => ({ properties: { name: { pattern: '^(a+)+$' } } }), `name: ${'a'.repeat(60)}!\n`),
    ['values-violate-schema'],
    { limits: SLOW },
  ),
  refused(
    FAMILY,
    'a name pattern that takes for ever',
    withSchema(
      () => ({ patternProperties: { '^(([a-z])+.)+[A-Z]([a-z])+$': {} }, additionalProperties: false }),
      `${'a'.repeat(60)}: 1\n`,
    ),
    ['values-violate-schema'],
    { limits: SLOW },
  ),
  bad('a pattern that is none', () => ({ properties: { name: { pattern: '(' } } }), INVALID),
  refused(
    FAMILY,
    'values that are wrong, and a secret',
    withSchema(
      () => ({ properties: { password: { type: 'integer' }, token: { enum: ['a'] }, key: { const: 1 } } }),
      'password: hunter2-planted-9f31\ntoken: hunter2-planted-77ab\nkey: "hunter2-planted-\\e[31m"\n',
    ),
    ['values-violate-schema'],
    { secrets: ['hunter2-planted'] },
  ),
  fine(
    '60,000 names in an enum',
    () => ({
      properties: { name: { enum: ['web', ...Array.from({ length: 60_000 }, (_, at) => `n${at}`)] } },
    }),
    SLOW,
  ),
];

export const schemas: readonly HostileCase[] = [...references, ...bombs];
