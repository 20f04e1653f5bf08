import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Context, holds } from './conditions.ts';
import type { Conditions, Document, Statement } from './document.ts';
import { type Decision, decide, type Policies } from './evaluate.ts';

/** What the IAM guide says of each rule, with the page that says it. */
const ROLE = 'arn:aws:iam::111122223333:role/reader';
const OBJECT = 'arn:aws:s3:::bucket/a/b';
const statement = (
  Effect: Statement['Effect'],
  Action: string,
  Resource: string,
  more: object = {},
): Document => ({
  Statement: [{ Effect, Action, Resource, ...more }],
});
const allow = (action: string, resource: string, more = {}) => statement('Allow', action, resource, more);
const deny = (action: string, resource: string, more = {}) => statement('Deny', action, resource, more);
const asked = (policies: Policies, action = 's3:GetObject', resource = OBJECT, arn = ROLE): Decision =>
  decide({ asker: { kind: 'role', arn }, action, resource }, policies);
const here = (document: Document, account = '111122223333') => ({ document, account });
const principal = (arn: string) => ({ Principal: { AWS: arn } });
const OTHER = 'arn:aws:iam::444455556666:role/other';

describe('"Policy evaluation logic"', () => {
  const CASES: readonly (readonly [
    what: string,
    decision: Decision,
    policies: Policies,
    action?: string,
    resource?: string,
    arn?: string,
  ])[] = [
    ['nothing said is not allowed', 'not allowed', { identity: [] }],
    ['allowed by its own policy', 'allowed', { identity: [allow('s3:GetObject', OBJECT)] }],
    ['actions have no case', 'allowed', { identity: [allow('S3:getobject', OBJECT)] }],
    ['resources have', 'not allowed', { identity: [allow('s3:GetObject', 'arn:aws:s3:::bucket/A/*')] }],
    ['a star crosses slashes', 'allowed', { identity: [allow('s3:Get*', 'arn:aws:s3:::*')] }],
    [
      'a question mark is one character',
      'not allowed',
      { identity: [allow('s3:GetObject', 'arn:aws:s3:::bucket/?')] },
    ],
    ['a dot is a dot', 'not allowed', { identity: [allow('s3:GetObject', 'arn.aws:s3:::bucket/a/b')] }],
    ['a denial goes before all', 'denied', { identity: [allow('s3:*', '*'), deny('s3:GetObject', '*')] }],
    ['a denial of other things is none', 'allowed', { identity: [allow('s3:*', '*'), deny('s3:Put*', '*')] }],
    [
      'NotAction is all others',
      'allowed',
      { identity: [{ Statement: { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' } }] },
    ],
    [
      'NotAction leaves those out',
      'not allowed',
      { identity: [{ Statement: { Effect: 'Allow', NotAction: 's3:*', Resource: '*' } }] },
    ],
    [
      'NotAction denies all others',
      'denied',
      { identity: [allow('*', '*'), { Statement: { Effect: 'Deny', NotAction: 'iam:*', Resource: '*' } }] },
    ],
    [
      'NotResource is all others',
      'not allowed',
      {
        identity: [{ Statement: { Effect: 'Allow', Action: 's3:*', NotResource: 'arn:aws:s3:::bucket/*' } }],
      },
    ],
    ['within the boundary', 'allowed', { identity: [allow('s3:*', '*')], boundary: allow('s3:Get*', '*') }],
    ['beyond the boundary', 'not allowed', { identity: [allow('s3:*', '*')], boundary: allow('sqs:*', '*') }],
    ['a boundary gives nothing', 'not allowed', { identity: [], boundary: allow('*', '*') }],
    [
      'denied by the boundary',
      'denied',
      {
        identity: [allow('s3:*', '*')],
        boundary: {
          Statement: [
            ...[allow('*', '*'), deny('s3:*', '*')].flatMap(({ Statement }) => Statement as Statement[]),
          ],
        },
      },
    ],
    [
      'named by the resource, in one account',
      'allowed',
      { identity: [], resource: here(allow('s3:GetObject', OBJECT, principal(ROLE))) },
    ],
    [
      'its account named by the resource',
      'not allowed',
      {
        identity: [],
        resource: here(allow('s3:GetObject', OBJECT, principal('arn:aws:iam::111122223333:root'))),
      },
    ],
    [
      'denied by the resource',
      'denied',
      { identity: [allow('s3:*', '*')], resource: here(deny('s3:*', '*', principal('*'))) },
    ],
    [
      'across accounts both: only its own',
      'not allowed',
      { identity: [allow('s3:*', '*')], resource: here(allow('s3:*', '*', principal(ROLE))) },
      's3:GetObject',
      OBJECT,
      OTHER,
    ],
    [
      'across accounts both: only the resource',
      'not allowed',
      { identity: [], resource: here(allow('s3:*', '*', principal(OTHER))) },
      's3:GetObject',
      OBJECT,
      OTHER,
    ],
    [
      'across accounts both',
      'allowed',
      { identity: [allow('s3:*', '*')], resource: here(allow('s3:*', '*', principal(OTHER))) },
      's3:GetObject',
      OBJECT,
      OTHER,
    ],
    [
      'a key whose policy leaves it to the account',
      'allowed',
      {
        identity: [allow('kms:Decrypt', '*')],
        resource: here(allow('kms:*', '*', principal('arn:aws:iam::111122223333:root'))),
      },
      'kms:Decrypt',
      'key',
    ],
    [
      'a key whose policy does not',
      'not allowed',
      { identity: [allow('kms:Decrypt', '*')], resource: here(allow('kms:*', '*', principal(OTHER))) },
      'kms:Decrypt',
      'key',
    ],
    [
      'a key left to the account, and the role has no right',
      'not allowed',
      { identity: [], resource: here(allow('kms:*', '*', principal('111122223333'))) },
      'kms:Decrypt',
      'key',
    ],
  ];
  for (const [what, decision, policies, ...request] of CASES)
    test(`${what}: ${decision}`, () => assert.equal(asked(policies, ...request), decision));

  test('a service has what the resource gives it, and no more', () => {
    const resource = here(
      allow('sqs:SendMessage', 'queue', { Principal: { Service: 'events.amazonaws.com' } }),
    );
    const by = (name: string) =>
      decide(
        { asker: { kind: 'service', name }, action: 'sqs:SendMessage', resource: 'queue' },
        { identity: [], resource },
      );
    assert.deepEqual([by('events.amazonaws.com'), by('s3.amazonaws.com')], ['allowed', 'not allowed']);
  });
});

describe('"IAM JSON policy elements: Condition operators"', () => {
  const CASES: readonly (readonly [
    what: string,
    conditions: Conditions,
    context: Context,
    holds: boolean,
  ])[] = [
    ['one of several values', { StringEquals: { k: ['a', 'b'] } }, { k: 'b' }, true],
    ['none of them', { StringEquals: { k: ['a', 'b'] } }, { k: 'c' }, false],
    ['values have case', { StringEquals: { k: 'a' } }, { k: 'A' }, false],
    [
      'names of keys have none',
      { StringEquals: { 'AWS:sourceAccount': '1' } },
      { 'aws:SourceAccount': '1' },
      true,
    ],
    ['a key that is missing', { StringEquals: { k: 'a' } }, {}, false],
    ['… if it exists', { StringEqualsIfExists: { k: 'a' } }, {}, true],
    ['… and it does', { StringEqualsIfExists: { k: 'a' } }, { k: 'b' }, false],
    ['not any of several', { StringNotEquals: { k: ['a', 'b'] } }, { k: 'b' }, false],
    ['not, of one that is missing', { StringNotEquals: { k: 'a' } }, {}, true],
    ['wildcards only where the operator knows them', { StringEquals: { k: 'a*' } }, { k: 'ab' }, false],
    ['like', { StringLike: { k: 'a*' } }, { k: 'ab' }, true],
    ['not like', { StringNotLike: { k: 'a*' } }, { k: 'ab' }, false],
    [
      'all keys of all operators',
      { StringEquals: { k: 'a', l: 'b' }, Bool: { m: 'true' } },
      { k: 'a', l: 'b', m: 'false' },
      false,
    ],
    [
      'false is false',
      { Bool: { 'aws:SecureTransport': 'false' } },
      { 'aws:SecureTransport': 'true' },
      false,
    ],
    ['null: it is missing', { Null: { k: 'true' } }, {}, true],
    ['not null: it is missing', { Null: { k: 'false' } }, {}, false],
    ['all of a set', { 'ForAllValues:StringLike': { k: ['a*', 'b'] } }, { k: ['ab', 'b'] }, true],
    ['not all of it', { 'ForAllValues:StringLike': { k: ['a*'] } }, { k: ['ab', 'b'] }, false],
    ['all of none', { 'ForAllValues:StringLike': { k: ['a*'] } }, {}, true],
    ['any of a set', { 'ForAnyValue:StringEquals': { k: ['b'] } }, { k: ['a', 'b'] }, true],
    ['any of none', { 'ForAnyValue:StringEquals': { k: ['b'] } }, {}, false],
    [
      'an ARN, part by part',
      { ArnLike: { k: 'arn:aws:sns:*:1:t' } },
      { k: 'arn:aws:sns:eu:west:1:t' },
      false,
    ],
    ['an ARN', { ArnEquals: { k: 'arn:aws:sns:*:1:t' } }, { k: 'arn:aws:sns:eu:1:t' }, true],
    ['numbers', { NumericLessThan: { 's3:TlsVersion': '1.2' } }, { 's3:TlsVersion': '1.3' }, false],
  ];
  for (const [what, conditions, context, expected] of CASES)
    test(`${what}: ${expected}`, () => assert.equal(holds(conditions, context), expected));

  test('an operator that is not known is an error, and not passed over', () => {
    assert.throws(
      () => holds({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, {}),
      /"IpAddress" is not known here/,
    );
  });
});
