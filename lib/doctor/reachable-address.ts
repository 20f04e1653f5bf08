import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Audience, Config } from '../config/config.ts';
import { type Diagnosis, ok, wrong } from './diagnosis.ts';

/** Milliseconds. SNS and `send-alerts` wait for some seconds as well. */
const PATIENCE_MS = 5_000;

export interface NamedAddress {
  readonly audience: string;
  readonly url: string;
}

/** Addresses that alerts are posted to. */
export const addressesOf = ({ audiences }: Config): readonly NamedAddress[] => audiences.flatMap(addressOf);

function addressOf(audience: Audience): readonly NamedAddress[] {
  const { name } = audience;
  switch (audience.form) {
    case 'webhook':
      return [{ audience: name, url: audience.url }];
    case 'pager':
    case 'chat':
      return [{ audience: name, url: audience.address }];
    case 'email':
    case 'slack':
    case 'teams':
      return [];
  }
}

export type Answered = { readonly kind: 'answered' } | { readonly kind: 'not'; readonly reason: string };

/** A handshake and nothing more: no request is sent, since whoever listens may take any for an alert. */
export function handshake(url: string): Promise<Answered> {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const at = { host, port: Number(port) || (isTls ? 443 : 80) };
  return new Promise((resolve) => {
    const end = (answered: Answered) => {
      socket.destroy();
      resolve(answered);
    };
    const socket = isTls
      ? connectTls({ ...at, ...(/[a-z]/i.test(host) && !host.includes(':') ? { servername: host } : {}) })
      : connectTcp(at);
    socket.setTimeout(PATIENCE_MS, () =>
      end({ kind: 'not', reason: `no answer within ${PATIENCE_MS / 1000} seconds` }),
    );
    socket.once(isTls ? 'secureConnect' : 'connect', () => end({ kind: 'answered' }));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end({ kind: 'not', reason: error.code ?? error.message }),
    );
  });
}

/** The path of a pager's address holds its key: only the host is named. */
export function judgeAddress({ audience, url }: NamedAddress, answered: Answered): Diagnosis {
  const { host } = new URL(url);
  const where = `audience ${audience}`;
  switch (answered.kind) {
    case 'answered':
      return ok(where, `${host} answers${url.startsWith('https:') ? ', with a certificate that holds' : ''}`);
    case 'not':
      return wrong(
        where,
        `${host} is not reached from here (${answered.reason})`,
        `openssl s_client -connect ${host.includes(':') ? host : `${host}:443`} -brief </dev/null   # then mend the receiver, or the address in the configuration`,
      );
  }
}
