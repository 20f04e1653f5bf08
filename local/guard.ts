import type { IncomingMessage } from 'node:http';

/**
 * Why a request must not be served, or undefined: what a web page open in the developer's browser can send to this
 * machine. A foreign `Host` is DNS rebinding, a foreign `Origin` or `Sec-Fetch-Site` is another site's script, form
 * or image. Tools (the AWS CLI, git, curl) send neither of the last two.
 * @param port the port that the server listens on
 */
export function whyRefused(headers: IncomingMessage['headers'], port: number): string | undefined {
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host, origin } = headers;
  if (host === undefined || !own.includes(host.toLowerCase())) {
    return `Host is neither ${own.join(' nor ')}`;
  }
  if (origin !== undefined && !own.includes(origin.replace(/^http:\/\//, '').toLowerCase())) {
    return 'Origin is another site';
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'Sec-Fetch-Site is another site';
  return undefined;
}
