import type { IncomingMessage } from 'node:http';

type Asked = Pick<IncomingMessage, 'headers' | 'url'>;

/**
 * Why a request must not be served, or undefined: what a web page open in the developer's browser can send to this
 * machine. A foreign `Host` is DNS rebinding, a foreign `Origin` or `Sec-Fetch-Site` is another site's script, form
 * or image. Tools (the AWS CLI, git, curl) send neither of the last two.
 * @param port the port that the server listens on
 */
export function whyRefused({ headers, url = '' }: Asked, port: number): string | undefined {
  // Other forms are for proxies, and not every one of them can be read as an address.
  if (!url.startsWith('/')) return 'The request is for no path';
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

/** The address that was asked for. After `whyRefused`, every path can be read: `//` begins one, and no host. */
export const addressOf = ({ url = '/' }: Asked): URL => new URL(`http://local${url}`);
