import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { pythonProgram, requirement } from '../../requirements.ts';
import type { Document, Statement } from './document.ts';
import { decide } from './evaluate.ts';

/**
 * Our reading of policies beside another's that knows none of our code. What moto reads otherwise than AWS stays out of
 * what is made up: `?`, case, and conditions, of which it knows one operator and takes one that does not hold for a
 * denial. Those are held against the IAM guide instead (evaluate.test.ts).
 */
const MADE_UP = 2000;
const word = fc.constantFrom('Get', 'Put', 'List', 'Object', 'Bucket', 'Message');
const action = fc
  .tuple(fc.constantFrom('s3', 'sqs', 'kms'), word, word)
  .map(([service, a, b]) => `${service}:${a}${b}`);
const resource = fc
  .tuple(
    fc.constantFrom('s3', 'sqs', 'kms'),
    fc.array(fc.constantFrom('a', 'ab', 'b'), { minLength: 1, maxLength: 3 }),
  )
  .map(([service, path]) => `arn:aws:${service}:::${path.join('/')}`);
/** The text with a part of it, or all, in a star. */
const starred = (text: fc.Arbitrary<string>) =>
  fc.tuple(text, fc.nat(), fc.nat()).map(([whole, from, length]) => {
    const at = from % (whole.length + 1);
    return `${whole.slice(0, at)}*${whole.slice(at + (length % (whole.length - at + 1)))}`;
  });
const pattern = (text: fc.Arbitrary<string>) => fc.oneof(text, starred(text), fc.constant('*'));
const some = (text: fc.Arbitrary<string>) => {
  const one = pattern(text);
  return fc.oneof(one, fc.array(one, { minLength: 1, maxLength: 3 }));
};
const statement: fc.Arbitrary<Statement> = fc
  .tuple(fc.constantFrom('Allow', 'Allow', 'Deny'), fc.boolean(), some(action), some(resource))
  .map(([Effect, not, actions, Resource]) => ({
    Effect: Effect as Statement['Effect'],
    ...(not ? { NotAction: actions } : { Action: actions }),
    Resource,
  }));
const policy: fc.Arbitrary<Document> = fc
  .array(statement, { minLength: 1, maxLength: 4 })
  .map((Statement) => ({ Version: '2012-10-17', Statement }));
const question = fc.record({ policies: fc.array(policy, { minLength: 1, maxLength: 3 }), action, resource });

test(
  `${MADE_UP} made-up questions get the same answer here and from moto, and each answer is among them`,
  requirement('moto'),
  () => {
    const seed = Number(process.env.FAIRLEAD_SEED ?? 20261122);
    const questions = fc.sample(question, { numRuns: MADE_UP, seed });
    const python = pythonProgram('python3') ?? pythonProgram('python') ?? 'python3';
    const script = join(import.meta.dirname, '..', '..', 'python', 'iam_decisions.py');
    const { stdout, stderr, status } = spawnSync(python, [script], {
      input: questions.map((asked) => JSON.stringify(asked)).join('\n'),
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    assert.equal(status, 0, stderr);
    const theirs = stdout.trim().split('\n');
    const ours = questions.map(({ policies, action, resource }) =>
      decide(
        { asker: { kind: 'role', arn: 'arn:aws:iam::111122223333:role/asker' }, action, resource },
        { identity: policies },
      ),
    );
    const otherwise = questions.flatMap((asked, at) =>
      ours[at] === theirs[at] ? [] : [{ ...asked, ours: ours[at], theirs: theirs[at] }],
    );
    assert.deepEqual(otherwise.slice(0, 3), [], `seed ${seed}`);
    assert.deepEqual([...new Set(ours)].sort(), ['allowed', 'denied', 'not allowed']);
  },
);
