import { packageOf, webChart } from '../../lib/charts/package/packages.ts';
import { asChart, type HostileCase, QUICK, refused, UNTIL_ENDED } from './case.ts';

const FAMILY = 'templates';
const ASKING = '{{ $pods := lookup "v1" "Pod" "" "" }}';

const asking = (text: string) =>
  asChart(() => packageOf(webChart({ name: 'web/templates/a.yaml', data: `${ASKING}${text}` })));

/** That only the cluster could answer excuses no chart that takes too much, or is none. */
export const excused: readonly HostileCase[] = [
  refused(
    FAMILY,
    'lookup, and a text of two thousand million',
    asking('{{ repeat 2000000000 "x" }}'),
    ['render-too-much-memory'],
    { limits: UNTIL_ENDED },
  ),
  refused(
    FAMILY,
    'lookup, and a loop in a loop in a loop',
    asking(
      '{{ range until 10000 }}{{ range until 10000 }}{{ range until 10000 }}{{ end }}{{ end }}{{ end }}',
    ),
    ['render-too-slow'],
    { limits: UNTIL_ENDED },
  ),
  refused(FAMILY, 'lookup, and a function that is none', asking('{{ nosuch 1 }}'), ['template-failed'], {
    limits: QUICK,
  }),
];
