import { createServer, type Socket } from 'node:net';
import type { SshKey } from './key.ts';
import { string, uint32, WireReader } from './wire.ts';

/**
 * An SSH agent of our own for one call of git (draft-miller-ssh-agent): it lives in this process and signs with one
 * key. So the private key is in no file and in no other process, also where this one is killed in the middle.
 */
export interface Agent {
  close(): Promise<void>;
}

const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;
const FAILURE = 5;
const RSA_SHA2_512 = 4;
/** What is asked is a key and a few hundred bytes to sign. */
const MESSAGE_BYTES = 256 * 1024;

/** @param path of the socket, in a folder that is this user's alone */
export async function startAgent(key: SshKey, path: string): Promise<Agent> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    let waiting: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= 4) {
        const length = waiting.readUInt32BE(0);
        if (length > MESSAGE_BYTES) return socket.destroy();
        if (waiting.length < 4 + length) return;
        socket.write(string(answerTo(waiting.subarray(4, 4 + length), key)));
        waiting = waiting.subarray(4 + length);
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function answerTo(message: Buffer, key: SshKey): Buffer {
  const failure = Buffer.from([FAILURE]);
  try {
    const reader = new WireReader(message.subarray(1));
    switch (message[0]) {
      case REQUEST_IDENTITIES:
        return Buffer.concat([
          Buffer.from([IDENTITIES_ANSWER]),
          uint32(1),
          string(key.publicBlob),
          string('fairlead'),
        ]);
      case SIGN_REQUEST: {
        if (!reader.string().equals(key.publicBlob)) return failure;
        const data = reader.string();
        const hash = (reader.uint32() & RSA_SHA2_512) === 0 ? 'sha256' : 'sha512';
        return Buffer.concat([Buffer.from([SIGN_RESPONSE]), string(key.sign(data, hash))]);
      }
      default:
        return failure;
    }
  } catch {
    return failure;
  }
}
