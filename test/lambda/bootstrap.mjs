/**
 * What Lambda's own image starts, after the published protocol (Lambda guide, "Using the Lambda runtime API for custom
 * runtimes") and the way in which the Node runtime finds a handler ("Define Lambda function handler in Node.js"):
 * _HANDLER is FILE.EXPORT below LAMBDA_TASK_ROOT, FILE an ES module where it ends in .mjs. Callbacks are gone in Node 24.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API: api, LAMBDA_TASK_ROOT: root, _HANDLER: named } = process.env;
const base = `http://${api}/2018-06-01/runtime`;

const shown = (error) => ({
  errorType: error?.name ?? 'Error',
  errorMessage: error?.message ?? String(error),
  stackTrace: String(error?.stack ?? '')
    .split('\n')
    .slice(1),
});

const post = (path, body, type) =>
  fetch(`${base}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: type === undefined ? {} : { 'lambda-runtime-function-error-type': type },
  });

let handler;
try {
  const at = named.lastIndexOf('.');
  const file = ['mjs', 'js', 'cjs'].map((end) => join(root, `${named.slice(0, at)}.${end}`)).find(existsSync);
  if (file === undefined)
    throw Object.assign(new Error(`Cannot find module '${named.slice(0, at)}'`), {
      name: 'Runtime.ImportModuleError',
    });
  handler = (await import(pathToFileURL(file).href))[named.slice(at + 1)];
  if (typeof handler !== 'function')
    throw Object.assign(new Error(`${named} is undefined or not exported`), {
      name: 'Runtime.HandlerNotFound',
    });
} catch (error) {
  await post('/init/error', shown(error), error.name);
  process.exit(1);
}

for (;;) {
  const next = await fetch(`${base}/invocation/next`);
  const id = next.headers.get('lambda-runtime-aws-request-id');
  const deadline = Number(next.headers.get('lambda-runtime-deadline-ms'));
  process.env._X_AMZN_TRACE_ID = next.headers.get('lambda-runtime-trace-id') ?? '';
  const context = {
    awsRequestId: id,
    invokedFunctionArn: next.headers.get('lambda-runtime-invoked-function-arn'),
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    const answer = await handler(await next.json(), context);
    await post(`/invocation/${id}/response`, answer ?? null);
  } catch (error) {
    await post(`/invocation/${id}/error`, shown(error), error?.name ?? 'Error');
  }
}
