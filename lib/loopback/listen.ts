import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The only address that anything of Fairlead binds on a person's machine. */
export const LOOPBACK = '127.0.0.1';

/** For people: names the port and how to choose another. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

/**
 * Listens on the loopback address and gives the port.
 * @param port 0 for any free one
 * @param part what is served there, for the error: `the page`
 * @param otherwise what chooses another port when it stands before one: `npm start -- --page-port`
 * @throws PortTaken
 */
export async function listen(server: Server, port: number, part: string, otherwise: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error);
      const why = error.code === 'EACCES' ? 'may not be used by this user' : 'is taken';
      reject(
        new PortTaken(
          `port ${port} on ${LOOPBACK} ${why}, and ${part} wants it: stop what listens there, or choose another with "${otherwise} PORT" (0: any free one)`,
        ),
      );
    });
    server.listen(port, LOOPBACK, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Stops listening and cuts what is still connected. */
export async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
