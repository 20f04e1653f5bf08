import { Agent, type buildConnector } from 'undici';

/**
 * Connections to an API server, over HTTP/1.1: over HTTP/2, which undici speaks by itself where the server offers it, a
 * stream that the server breaks off ends the process or is waited for without end (nodejs/undici#5586, #2675).
 * @param connections at most; absent: as many as are asked for
 */
export const agentOf = (connect: buildConnector.BuildOptions, connections?: number): Agent =>
  new Agent({ allowH2: false, connect, ...(connections === undefined ? {} : { connections }) });
