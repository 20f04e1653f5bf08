import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { openapiReader } from '../../../lib/cluster/openapi.ts';
import type { Reading } from '../../../lib/cluster/reader.ts';

const GROUP = 'late.example.com/v1';
const document = (kind: string) =>
  JSON.stringify({ components: { schemas: { [kind]: { type: 'object' } } } });
const urlOf = (text: string) =>
  `/openapi/v3/apis/${GROUP}?hash=${createHash('sha512').update(text).digest('hex')}`;

/** Answers as kube-openapi's handler3 does: another hash than the document's is redirected to. */
function server(current: () => string) {
  const asked: string[] = [];
  const answer = (status: number, text: string): Reading => ({ kind: 'read', status, text });
  return {
    asked,
    close: () => {},
    async get(path: string): Promise<Reading> {
      asked.push(path);
      const url = urlOf(current());
      if (path === '/openapi/v3')
        return answer(200, JSON.stringify({ paths: { [`apis/${GROUP}`]: { serverRelativeURL: url } } }));
      return path === url ? answer(200, current()) : answer(301, '');
    },
  };
}

test('schemas that change while a cluster is checked are read from where they are now', async () => {
  let current = document('Old');
  const reader = server(() => current);
  const openapi = openapiReader(reader, undefined);
  assert.ok((await openapi.document(GROUP)).kind === 'answered');
  current = document('New');
  const answer = await openapi.document(GROUP);
  assert.deepEqual(answer, {
    kind: 'answered',
    value: { components: { schemas: { New: { type: 'object' } } } },
  });
});

test('schemas that cannot be read are asked for once, if nothing has changed', async () => {
  const reader = server(() => document('Any'));
  const broken = {
    ...reader,
    get: async (path: string): Promise<Reading> => {
      const answer = await reader.get(path);
      return path === '/openapi/v3' ? answer : { kind: 'read', status: 400, text: 'broken' };
    },
  };
  const answer = await openapiReader(broken, undefined).document(GROUP);
  assert.equal(answer.kind, 'failed');
  assert.equal(reader.asked.filter((path) => path !== '/openapi/v3').length, 1);
});
