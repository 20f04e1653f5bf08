import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readChartIndex } from '../../../lib/charts/files/chart-index.ts';

const DIGEST = 'a'.repeat(64);
const BLOCK = `apiVersion: v1
entries:
  # a comment
  web-extra:
  - version: 9.0.0
    urls: [https://example.com/no.tgz]
  "web":
  - version: 1.0.0
    urls:
    - web-1.0.0.tgz
    description: |
      web:
    digest: ${DIGEST}
  - version: "2.0"
    urls: [https://example.com/web-2.tgz, second]
    digest: sha256:${DIGEST}
  - urls: [no-version.tgz]
  - version: 3.0.0
  zoo: []
generated: "2026-11-21T00:00:00Z"
`;
const LISTED = {
  kind: 'listed',
  entries: [
    { version: '1.0.0', url: 'web-1.0.0.tgz', digest: DIGEST },
    { version: '2.0', url: 'https://example.com/web-2.tgz', digest: DIGEST },
  ],
};

describe('index.yaml of a Helm repository', () => {
  test('the versions of one chart, with what they are held against; what has none is passed over', () => {
    assert.deepEqual(readChartIndex({ text: BLOCK, chart: 'web' }), LISTED);
  });

  test('deeper or not indented, with CRLF, or as JSON: the same', () => {
    const deeper = BLOCK.replace(/^( +)/gm, '  $1');
    assert.deepEqual(readChartIndex({ text: deeper, chart: 'web' }), LISTED);
    assert.deepEqual(readChartIndex({ text: BLOCK.replaceAll('\n', '\r\n'), chart: 'web' }), LISTED);
    const json = JSON.stringify({
      entries: { web: [{ version: '1.0.0', urls: ['web-1.0.0.tgz'], digest: DIGEST }] },
    });
    assert.deepEqual(readChartIndex({ text: json, chart: 'web' }), {
      kind: 'listed',
      entries: LISTED.entries.slice(0, 1),
    });
    const flow = `entries: {web: [{version: 1.0.0, urls: [web-1.0.0.tgz], digest: ${DIGEST}}]}\n`;
    assert.deepEqual(readChartIndex({ text: flow, chart: 'web' }).kind, 'listed');
  });

  for (const chart of ['zoo-extra', 'we', 'description', 'constructor', '__proto__'])
    test(`"${chart}" is not listed`, () => {
      assert.deepEqual(readChartIndex({ text: BLOCK, chart }), { kind: 'not-listed' });
      assert.deepEqual(readChartIndex({ text: '{"entries":{}}', chart }), { kind: 'not-listed' });
    });

  test('an empty list is a chart without versions', () => {
    assert.deepEqual(readChartIndex({ text: BLOCK, chart: 'zoo' }), { kind: 'listed', entries: [] });
  });

  test('an index of a hundred thousand charts costs no more than its lines', () => {
    const others = Array.from(
      { length: 100_000 },
      (_, at) => `  c${at}:\n  - version: 1.0.0\n    urls: [x]\n`,
    );
    const text = `entries:\n${others.join('')}  web:\n  - version: 1.0.0\n    urls: [web.tgz]\n`;
    const began = performance.now();
    assert.deepEqual(readChartIndex({ text, chart: 'web' }), {
      kind: 'listed',
      entries: [{ version: '1.0.0', url: 'web.tgz' }],
    });
    assert.ok(performance.now() - began < 2000);
  });
});
