import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError, type ConfigInput, parseConfig } from '../../../lib/config/config.ts';
import {
  fromParameters,
  fromWebhookParameters,
  toParameters,
  toWebhookParameters,
} from '../../../lib/config/parameters.ts';

const whole = {
  repositories: [{ name: 'cluster', url: 'https://git.example.com/cluster.git' }],
  targets: [
    { name: 'staging', repository: 'cluster', deployer: 'flux' as const, namespaces: ['shop', 'pay'] },
    { name: 'live', repository: 'cluster', deployer: 'flux' as const, namespaces: ['bank'] },
  ],
};
const hook = {
  name: 'tickets',
  form: 'webhook' as const,
  url: 'https://tickets.example.com/fairlead',
  secret: 'fairlead/tickets',
};
const mail = { name: 'shop', form: 'email' as const, address: 'shop@example.com' };

function problemsOf(more: Partial<Record<keyof ConfigInput, unknown>>): readonly string[] {
  try {
    parseConfig({ ...whole, ...more });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
}

describe('an audience', () => {
  test('may be a team with its namespaces, its severities and its classes', () => {
    const team = { ...mail, namespaces: ['shop', 'pay'], severities: ['critical'], classes: ['drift'] };
    assert.deepEqual(problemsOf({ audiences: [team, hook] }), []);
  });

  const WRONG: readonly (readonly [what: string, audience: object, problem: RegExp])[] = [
    [
      'a namespace that nothing is in',
      { ...mail, namespaces: ['shpo'] },
      /namespaces\[0\]: no target .*"shpo"$/,
    ],
    [
      'a namespace of a target that it does not hear of',
      { ...mail, targets: ['live'], namespaces: ['shop'] },
      /namespaces\[0\]: no target that this audience hears of/,
    ],
    ['a class that there is not', { ...mail, classes: ['drfit'] }, /classes\[0\]: /],
    [
      'an empty filter',
      { ...mail, severities: [] },
      /severities: name at least one severity, or leave it out/,
    ],
    ['a form that there is not', { ...mail, form: 'sms' }, /form: /],
    ['a webhook without a secret', { ...hook, secret: undefined }, /secret: /],
    [
      'a webhook with an address',
      { ...hook, address: 'a' },
      /no entry "address"; there is name, form, url, secret/,
    ],
    ['a webhook over http', { ...hook, url: 'http://tickets.example.com/' }, /url: an https:\/\/ address/],
    ['a webhook with a password in its address', { ...hook, url: 'https://a:b@c.example/' }, /url: an https/],
    [
      'http to this machine from the internet',
      { ...hook, url: 'http://127.0.0.1:8080/' },
      /network: "private"/,
    ],
    [
      'http to a name that looks like this machine',
      { ...hook, url: 'http://localhost.example/' },
      /url: an https/,
    ],
  ];
  for (const [what, audience, problem] of WRONG) {
    test(`${what} is said`, () => {
      const problems = problemsOf({ audiences: [audience] });
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }

  test('http to this machine is a webhook of a local installation', () => {
    const url = 'http://127.0.0.1:8080/fairlead';
    assert.deepEqual(problemsOf({ audiences: [{ ...hook, url, network: 'private' }] }), []);
  });

  test('a filter with more combinations than SNS takes is said, and is fine for a webhook', () => {
    const targets = [
      { ...whole.targets[0], namespaces: Array.from({ length: 50 }, (_, index) => `n${index}`) },
    ];
    const wide = { namespaces: targets[0]?.namespaces, severities: ['warning', 'critical', 'info'] };
    assert.match(
      problemsOf({ targets, audiences: [{ ...mail, ...wide }] })[0] ?? '',
      /^audiences\[0\]: its filter has 153 combinations .* name fewer, or make two audiences of it, each with an address of its own$/,
    );
    assert.deepEqual(problemsOf({ targets, audiences: [{ ...hook, ...wide }] }), []);
    const less = { ...wide, namespaces: wide.namespaces?.slice(1) };
    assert.deepEqual(problemsOf({ targets, audiences: [{ ...mail, ...less }] }), []);
  });

  test('an address has one audience a form, since SNS gives it one filter; a pager’s is in no error', () => {
    const twice = [mail, { ...mail, name: 'other', address: 'Shop@example.com', namespaces: ['pay'] }];
    assert.deepEqual(problemsOf({ audiences: twice }), [
      'audiences[1].address: the address "Shop@example.com" has a subscription already, by audience "shop": SNS gives an address one filter a form. Put both into one audience',
    ]);
    const pager = { name: 'p', form: 'pager', address: 'https://pager.example.com/a-key' };
    const problems = problemsOf({ audiences: [pager, { ...pager, name: 'q' }] });
    assert.equal(problems.length, 1);
    assert.doesNotMatch(problems.join(), /a-key/);
    assert.deepEqual(problemsOf({ audiences: [pager, { ...pager, name: 'q', form: 'chat' }] }), []);
  });

  test('of one form have at most as many filters as SNS takes of a topic', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        name: `a${index}`,
        form: 'email',
        address: `a${index}@example.com`,
        severities: ['critical'],
      }));
    assert.deepEqual(problemsOf({ audiences: many(200) }), []);
    assert.match(
      problemsOf({ audiences: many(201) })[0] ?? '',
      /^audiences: 201 of form "email".* takes 200/,
    );
  });

  test('may be a channel of Slack or Teams, by its ids, and not by its name', () => {
    const uuid = '11111111-2222-3333-4444-555555555555';
    const slack = { name: 'ops', form: 'slack', workspace: 'T0123456789', channel: 'C0123456789' };
    const teams = {
      name: 'desk',
      form: 'teams',
      tenant: uuid,
      team: uuid,
      channel: '19%3ab6%40thread.tacv2',
    };
    assert.deepEqual(problemsOf({ audiences: [slack, { ...teams, operators: false }] }), []);
    const wrong = problemsOf({
      audiences: [
        { ...slack, channel: '#ops', workspace: 'acme' },
        { ...teams, tenant: 'acme', channel: 'General' },
        { ...slack, name: 'filtered', severities: ['critical'] },
      ],
    });
    assert.deepEqual(
      wrong.map((problem) => problem.split(':')[0]),
      [
        'audiences[0].workspace',
        'audiences[0].channel',
        'audiences[1].tenant',
        'audiences[1].channel',
        'audiences[2]',
      ],
    );
  });

  test('webhooks travel to send-alerts alone: no parameter of the others names their address', () => {
    const config = parseConfig({ ...whole, audiences: [mail, hook] });
    assert.deepEqual(fromWebhookParameters(toWebhookParameters(config), '/hooks'), [
      { ...hook, network: 'public' },
    ]);
    for (const value of toParameters(config).values()) assert.doesNotMatch(value, /tickets|shop@example/);
    assert.throws(() => fromWebhookParameters(new Map([['tickets', 'https://a-token']]), '/hooks'), {
      name: 'ConfigError',
      message: 'the parameters below /hooks has one error:\n  - tickets: it is no audience; deploy again',
    });
  });
});

describe('severity', () => {
  const rule = {
    kinds: ['Deployment.apps'],
    path: '/spec/replicas',
    severity: 'critical',
    reason: 'sold out',
  };

  test('takes kinds, paths and namespaces as drift.yaml does, and reaches the functions in its order', () => {
    const severity = Array.from({ length: 12 }, (_, index) => ({ ...rule, namespaces: [`team-${index}-*`] }));
    assert.deepEqual(problemsOf({ severity }), []);
    const config = parseConfig({ ...whole, severity });
    assert.deepEqual(fromParameters(toParameters(config), '/test').severity, severity);
  });

  const WRONG: readonly (readonly [what: string, rule: object, problem: RegExp])[] = [
    ['no reason', { ...rule, reason: ' ' }, /^severity\[0\]\.reason: say why/],
    ['a reason of two lines', { ...rule, reason: 'a\nb' }, /^severity\[0\]\.reason: one line/],
    [
      'nothing that it is about',
      { severity: 'info', reason: 'quiet' },
      /^severity\[0\]: it is about everything/,
    ],
    ['a path by index', { ...rule, path: '/spec/containers/0' }, /^severity\[0\]\.path: /],
    ['a path that is none', { ...rule, path: 'spec.replicas' }, /^severity\[0\]\.path: .*begins with "\/"/],
    [
      'a kind that is none',
      { ...rule, kinds: ['apps/v1'] },
      /^severity\[0\]\.kinds\[0\]: .*is a kind, as in Deployment/,
    ],
    ['a severity that there is not', { ...rule, severity: 'fatal' }, /^severity\[0\]\.severity: /],
  ];
  for (const [what, one, problem] of WRONG) {
    test(`${what} is said`, () => {
      const problems = problemsOf({ severity: [one] });
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }

  test('two entries about the same contradict each other, in whatever order they name it', () => {
    const one = { ...rule, kinds: ['Service', 'Ingress'] };
    const problems = problemsOf({
      severity: [one, rule, { ...one, kinds: ['Ingress', 'Service'], severity: 'info' }],
    });
    assert.deepEqual(problems, ['severity[2]: it is about the same as severity[0], which decides']);
  });
});
