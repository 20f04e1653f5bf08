import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';

/**
 * Loaded before a function (`node --import`): connects to nobody but the hosts of REACHABLE, as in a network without a
 * way out, and leaves in OUTGOING every host and port that was asked for.
 */
const reachable = new Set(process.env.REACHABLE?.split(','));
const asked = new Set();
const connect = Socket.prototype.connect;

Socket.prototype.connect = function (...args) {
  const [first] = Array.isArray(args[0]) ? args[0] : args;
  const to = `${first.host ?? 'localhost'}:${first.port ?? first.path}`;
  asked.add(to);
  writeFileSync(process.env.OUTGOING ?? '', JSON.stringify([...asked].sort()));
  if (reachable.has(to)) return connect.apply(this, args);
  const error = Object.assign(new Error(`no way leads to ${to}`), { code: 'EHOSTUNREACH' });
  process.nextTick(() => this.destroy(error));
  return this;
};
