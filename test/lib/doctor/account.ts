import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../../../lib/aws/environment.ts';
import { pythonProgram } from '../../requirements.ts';

const PATIENCE_MS = 30_000;

/** What EKS, Lambda and Service Quotas answer: moto knows no access entries, no settings and no lists of quotas. */
export interface Answers {
  cluster: object | undefined;
  entry: { createdAt: number; kubernetesGroups: readonly string[] } | undefined;
  capabilities: readonly object[];
  functions: Readonly<Record<string, object>>;
  quotas: readonly { QuotaName: string; Value: number }[];
  /** Actions that are refused. */
  denied: ReadonlySet<string>;
}

export interface TestAccount {
  readonly environment: Environment;
  readonly answers: Answers;
  stop(): Promise<void>;
}

/** An AWS account: moto, and beside it the wire of what moto lacks (the services' API references). */
export async function startAccount(answers: Answers): Promise<TestAccount> {
  const beside = await serve(answers);
  const besideUrl = `http://127.0.0.1:${(beside.address() as AddressInfo).port}`;
  const port = await freePort();
  const moto = spawn(pythonProgram('moto_server') ?? 'moto_server', ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + PATIENCE_MS;
  while (
    !(await fetch(`${url}/moto-api/data.json`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (Date.now() > until) throw new Error('moto does not answer');
    await sleep(100);
  }
  return {
    answers,
    environment: {
      AWS_ENDPOINT_URL: url,
      AWS_ENDPOINT_URL_EKS: besideUrl,
      AWS_ENDPOINT_URL_LAMBDA: besideUrl,
      AWS_ENDPOINT_URL_SERVICE_QUOTAS: besideUrl,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
    async stop() {
      const ended = once(moto, 'exit');
      moto.kill();
      await ended;
      beside.closeAllConnections();
      await new Promise((resolve) => beside.close(resolve));
    },
  };
}

async function serve(answers: Answers): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const answer = (status: number, body: object, type = '') => {
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(type === '' ? {} : { 'x-amzn-errortype': type }),
      });
      response.end(JSON.stringify(body));
    };
    request.resume().once('end', () => {
      const [action, body] = answerTo(pathname, String(request.headers['x-amz-target'] ?? ''), answers);
      if (answers.denied.has(action)) return answer(403, { message: 'no' }, 'AccessDeniedException');
      return body === undefined
        ? answer(404, { message: `no ${pathname}` }, 'ResourceNotFoundException')
        : answer(200, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function answerTo(path: string, target: string, answers: Answers): readonly [string, object | undefined] {
  const { cluster, entry, capabilities, functions, quotas } = answers;
  if (target.endsWith('.ListServiceQuotas')) return ['servicequotas:ListServiceQuotas', { Quotas: quotas }];
  if (path.startsWith('/2016-08-19/account-settings'))
    return [
      'lambda:GetAccountSettings',
      { AccountLimit: { ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 900 } },
    ];
  const called = /^\/2015-03-31\/functions\/([^/]+)\/configuration$/.exec(path)?.[1];
  if (called !== undefined) return ['lambda:GetFunctionConfiguration', functions[called]];
  if (/^\/clusters\/[^/]+$/.test(path)) return ['eks:DescribeCluster', cluster && { cluster }];
  if (path.endsWith('/access-policies'))
    return ['eks:ListAssociatedAccessPolicies', { associatedAccessPolicies: [] }];
  if (path.includes('/access-entries/')) return ['eks:DescribeAccessEntry', entry && { accessEntry: entry }];
  if (/\/capabilities$/.test(path)) return ['eks:ListCapabilities', { capabilities }];
  return ['eks:DescribeCapability', { capability: capabilities[0] ?? {} }];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
