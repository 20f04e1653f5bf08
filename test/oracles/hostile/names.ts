import type { ReasonCode } from '../../../lib/charts/reasons.ts';
import { chartFile, packageOf, webChart } from '../../lib/charts/package/packages.ts';
import { asChart, type HostileCase, harmless, refused } from './case.ts';
import { rawPackage } from './tar.ts';

const FAMILY = 'names';
/** Each release has names of its own. */
const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-{{ .Release.Name }}\n';

/** A chart of everyday with one more file, by that very path. */
const withFile = (path: string) =>
  asChart(() =>
    rawPackage(
      { name: 'web/Chart.yaml', body: chartFile() },
      { name: 'web/templates/a.yaml', body: CONFIG_MAP },
      { name: path, body: 'x' },
    ),
  );
const bad = (path: string, ...codes: readonly ReasonCode[]): HostileCase =>
  refused(FAMILY, `a path ${JSON.stringify(path)}`, withFile(path), codes);
const forbidden = (path: string): HostileCase => bad(path, 'entry-forbidden-name');
const invalid = (path: string): HostileCase => bad(path, 'entry-path-invalid');
const both = (path: string): HostileCase => bad(path, 'entry-forbidden-name', 'entry-path-invalid');
const literal = (path: string): HostileCase =>
  harmless(FAMILY, `a path ${JSON.stringify(path)}, which is only a name`, withFile(path));

const traversal: readonly HostileCase[] = [
  invalid('../web/templates/a.yaml'),
  invalid('web/templates/../../../etc/passwd'),
  invalid('web/..'),
  invalid('web//etc/passwd'),
  invalid('//web/a'),
  invalid('/web/a'),
  invalid('./web/a'),
  invalid('web/templates/.'),
  invalid('web/.. /.. /etc/passwd'),
  invalid('web/.../a'),
  invalid('web/. ./a'),
  invalid('web/ /a'),
  invalid('..\\..\\windows\\a'),
  invalid('web\\..\\..\\a'),
  invalid('\\\\server\\share\\a'),
  invalid('C:\\web\\a'),
  invalid('C:web/a'),
  invalid('web/a\u2028b'),
  invalid('web/\u001b[2Ja'),
  invalid('web/a\u202egpj.yaml'),
  invalid('web/\ufefftemplates/a'),
  literal('web/%2e%2e/%2e%2e/etc/passwd'),
  literal('web/..%2f..%2fetc'),
  literal('web/..a/b'),
  literal('web/~root/a'),
  literal('web/--upload-pack=touch a'),
  literal('web/$(id)`id`;id'),
  literal('web/"quoted" path\'s'),
];

const gitNames: readonly HostileCase[] = [
  forbidden('web/.git'),
  forbidden('web/.gIt/config'),
  forbidden('web/templates/.git/hooks/post-checkout'),
  forbidden('web/.gitignore'),
  forbidden('web/.GitModules'),
  both('web/.g\u200cit/config'),
  both('web/.gi\u200dt/config'),
  both('web/\u200e.git/config'),
  both('web/.git\u206f/config'),
  both('web/.git\ufeff/config'),
  forbidden('web/.ｇｉｔ/config'),
  forbidden('web/.git /config'),
  forbidden('web/.git. . ./config'),
  forbidden('web/.git:$DATA'),
  forbidden('web/.git::$INDEX_ALLOCATION'),
  forbidden('web/git~1'),
  forbidden('web/GIT~2/config'),
  forbidden('web/gitmod~1'),
  forbidden('web/gi7d29~1'),
  both('web/.git\\config'),
  forbidden('web/.gitattributes::$DATA'),
];

const deployerNames: readonly HostileCase[] = [
  forbidden('web/.lfsconfig'),
  forbidden('web/.LFSCONFIG '),
  forbidden('web/.lf\u017fconfig'),
  forbidden('web/.sourceignore'),
  forbidden('web/templates/.SourceIgnore'),
  forbidden('web/.argocd-source.yaml'),
  forbidden('web/.argocd-source-web.yaml'),
  forbidden('web/.ARGOCD-allow-concurrency'),
  forbidden('web/kustomization.yaml'),
  forbidden('web/kustomization.yml'),
  forbidden('web/Kustomization'),
  forbidden('web/charts/db/KUSTOMIZATION.YAML'),
  forbidden('web/\u212austomization.yaml'),
  forbidden('web/ku\u017ftomization.yaml'),
  forbidden('web/kustomization.yaml.'),
];

const CHART_AND = (rules: string, ...files: readonly { name: string; data: string }[]) =>
  asChart(() =>
    packageOf(
      webChart(
        { name: 'web/templates/a.yaml', data: CONFIG_MAP },
        { name: 'web/.helmignore', data: rules },
        ...files,
      ),
    ),
  );
const ignored = (name: string, rules: string, file: string): HostileCase =>
  refused(
    FAMILY,
    `a .helmignore that hides ${name}`,
    CHART_AND(rules, { name: `web/${file}`, data: file.endsWith('Chart.yaml') ? chartFile('db') : 'a: 1\n' }),
    ['helmignore-hides-file'],
    { place: { file } },
  );
const helmIgnores: readonly HostileCase[] = [
  ignored('by a pattern', 'templates/b*.yaml\n', 'templates/b.yaml'),
  ignored('a folder', 'files/\n', 'files/a/b.txt'),
  ignored('by a leading slash', '/secret.yaml\n', 'secret.yaml'),
  ignored('by a set of letters', 'file[a-c].txt\n', 'fileb.txt'),
  ignored('a chart inside', 'charts/db\n', 'charts/db/Chart.yaml'),
  refused(FAMILY, 'a .helmignore that hides all but one', CHART_AND('!templates\n'), [
    'helmignore-hides-file',
  ]),
  refused(
    FAMILY,
    'a .helmignore that hides the chart itself',
    CHART_AND('Chart.yaml\n'),
    ['helmignore-hides-file'],
    { place: { file: 'Chart.yaml' } },
  ),
  harmless(FAMILY, 'a .helmignore of everyday', CHART_AND('.DS_Store\n*.swp\n.vscode/\n')),
];

export const names: readonly HostileCase[] = [...traversal, ...gitNames, ...deployerNames, ...helmIgnores];
