import type { ReasonCode } from '../../../lib/charts/reasons.ts';
import { chartFile, packageOf, type TestEntry } from '../../lib/charts/package/packages.ts';
import { asChart, type HostileCase, harmless, refused } from './case.ts';

const FAMILY = 'chart files';
/** Each release has names of its own. */
const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-{{ .Release.Name }}\n';

const withChart = (chart: string | Buffer, ...more: readonly TestEntry[]) =>
  asChart(() =>
    packageOf([
      { name: 'web/Chart.yaml', data: chart },
      { name: 'web/templates/a.yaml', data: CONFIG_MAP },
      ...more,
    ]),
  );
const bad = (
  name: string,
  chart: string | Buffer,
  codes: readonly ReasonCode[],
  ...more: readonly TestEntry[]
): HostileCase => refused(FAMILY, name, withChart(chart, ...more), codes);

const INVALID: readonly ReasonCode[] = ['chart-file-invalid'];
const head = 'apiVersion: v2\nname: web\nversion: 1.0.0\n';
const laughs = (levels: number): string => {
  const lines = ['l0: &l0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let at = 1; at <= levels; at++)
    lines.push(`l${at}: &l${at} [${Array.from({ length: 10 }, () => `*l${at - 1}`).join(', ')}]`);
  return `${lines.join('\n')}\n`;
};
const db = (name: string, more = ''): TestEntry => ({
  name: `web/charts/${name}/Chart.yaml`,
  data: chartFile(name, more),
});
/** A chart in a chart in a chart. */
const deep = (levels: number): TestEntry[] =>
  Array.from({ length: levels }, (_, at) => ({
    name: `web/${Array.from({ length: at + 1 }, (_each, index) => `charts/c${index}/`).join('')}Chart.yaml`,
    data: chartFile(`c${at}`),
  }));

export const chartFiles: readonly HostileCase[] = [
  bad('a Chart.yaml of aliases that multiply', head + laughs(7), ['yaml-aliases-multiply']),
  bad('a Chart.yaml of more than 1 MiB', `${head}description: ${'x'.repeat(1024 * 1024)}\n`, [
    'file-too-large',
  ]),
  bad('a Chart.yaml in UTF-16', Buffer.from(`\ufeff${head}`, 'utf16le'), ['yaml-ambiguous']),
  bad('a Chart.yaml with NUL', `${head}description: a\0b\n`, ['yaml-ambiguous']),
  bad('a Chart.yaml of two documents', `${head}---\nname: other\n`, INVALID),
  bad('a Chart.yaml with a tag', `${head}description: !!binary YQ==\n`, ['yaml-ambiguous']),
  bad('a Chart.yaml that nests 20,000 deep', `${head}keywords: ${'['.repeat(20_000)}`, INVALID),
  bad('a chart name that is an option', 'apiVersion: v2\nname: --set=a\nversion: 1.0.0\n', INVALID),
  bad('a chart name with a newline', 'apiVersion: v2\nname: "web\\nx"\nversion: 1.0.0\n', INVALID),
  bad('a version with a newline', 'apiVersion: v2\nname: web\nversion: "1.0.0\\n"\n', INVALID),
  bad('a version that is a number', 'apiVersion: v2\nname: web\nversion: 1.0\n', INVALID),
  bad('an apiVersion of tomorrow', 'apiVersion: v3\nname: web\nversion: 1.0.0\n', INVALID),
  bad('a type of its own', `${head}type: plugin\n`, INVALID),
  bad('a library chart by another case', `${head}type: Library\n`, INVALID),
  refused(
    FAMILY,
    'a chart.yaml in lower case',
    asChart(() => packageOf([{ name: 'web/chart.yaml', data: chartFile() }])),
    ['chart-file-missing'],
  ),
  bad('a Kubernetes of tomorrow', `${head}kubeVersion: ">=99.0.0"\n`, ['chart-kube-version']),
  bad('a kubeVersion of 5,000 brackets', `${head}kubeVersion: "${'('.repeat(5000)}"\n`, [
    'chart-kube-version',
  ]),
  bad(
    '51 import-values',
    `${head}dependencies: [{name: db, import-values: [${'data,'.repeat(51)}]}]\n`,
    ['chart-import-values'],
    db('db'),
  ),
  bad(
    '201 aliases of one dependency',
    `${head}dependencies:\n${Array.from({ length: 201 }, (_, at) => `- {name: db, version: 1.0.0, alias: a${at}}\n`).join('')}`,
    ['chart-instances'],
    db('db'),
  ),
  bad('charts six deep', head, ['chart-dependencies-too-deep'], ...deep(6)),
  bad(
    'a dependency by file://',
    `${head}dependencies: [{name: passwd, version: 1.0.0, repository: "file:///etc"}]\n`,
    ['chart-dependency-missing'],
  ),
  bad('a dependency whose name leads out', `${head}dependencies: [{name: ../../../etc, version: 1.0.0}]\n`, [
    'chart-dependency-missing',
  ]),
  bad(
    'an alias that leads out',
    `${head}dependencies: [{name: db, version: 1.0.0, alias: ../../etc}]\n`,
    ['template-failed'],
    db('db'),
  ),
  bad(
    'a v1 chart whose requirements are aliases that multiply',
    'apiVersion: v1\nname: web\nversion: 1.0.0\n',
    ['yaml-aliases-multiply'],
    { name: 'web/requirements.yaml', data: `dependencies: []\n${laughs(7)}` },
  ),
  bad(
    'a v1 chart whose requirements two parsers read differently',
    'apiVersion: v1\nname: web\nversion: 1.0.0\n',
    ['yaml-ambiguous'],
    { name: 'web/requirements.yaml', data: 'dependencies: []\r# a\u2028dependencies: [{name: db}]\n' },
  ),
  bad(
    'a v1 chart whose requirements say everything twice',
    'apiVersion: v1\nname: web\nversion: 1.0.0\n',
    ['yaml-duplicate-key'],
    { name: 'web/requirements.yaml', data: 'dependencies: []\ndependencies: [{name: db, version: 1.0.0}]\n' },
    db('db'),
  ),
  bad(
    'requirements that are not vendored',
    'apiVersion: v1\nname: web\nversion: 1.0.0\n',
    ['chart-dependency-missing'],
    {
      name: 'web/requirements.yaml',
      data: 'dependencies: [{name: db, version: 1.0.0, repository: "https://charts.example.com"}]\n',
    },
  ),
  bad('requirements that name another chart', 'apiVersion: v1\nname: web\nversion: 1.0.0\n', INVALID, {
    name: 'web/requirements.yaml',
    data: 'dependencies: []\nname: other\nVersion: 9.9.9\n',
  }),
  bad(
    '201 aliases under a name that Go alone takes for dependencies',
    `${head}Dependencies:\n${Array.from({ length: 201 }, (_, at) => `- {name: db, version: 1.0.0, alias: a${at}}\n`).join('')}`,
    INVALID,
    db('db'),
  ),
  bad(
    '51 import-values under a name that Go alone takes for them',
    `${head}dependencies: [{name: db, version: 1.0.0, Import-Values: [${Array.from({ length: 51 }, (_, at) => `a${at}`).join(', ')}]}]\n`,
    INVALID,
    db('db'),
  ),
  bad('a kubeVersion with the Kelvin sign', `${head}\u212aubeVersion: ">=99"\n`, INVALID),
  bad('a chart inside without a Chart.yaml', head, ['chart-file-missing'], {
    name: 'web/charts/db/values.yaml',
    data: 'a: 1\n',
  }),
  bad('a chart inside with a forbidden name', head, ['entry-forbidden-name'], db('db'), {
    name: 'web/charts/db/.gitmodules',
    data: '[submodule "x"]\n',
  }),
  harmless(
    FAMILY,
    'a description with a CI directive, a mention and a closing word',
    withChart(
      `${head}description: "[skip ci] @everyone Closes #1 <script>alert(1)</script>"\nappVersion: "\\e[31m"\n`,
    ),
  ),
];
