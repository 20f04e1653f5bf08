// What Fairlead uses of undici, which as a whole loads only on the newest Node: its web and cache parts reach for
// modules that older ones lack. Stands in for `undici` when the package is bundled.

import api from 'undici/lib/api/index.js';
import agent from 'undici/lib/dispatcher/agent.js';
import proxyAgent from 'undici/lib/dispatcher/proxy-agent.js';

export const Agent = agent;
export const ProxyAgent = proxyAgent;

/** `request` of undici's index.js, for whoever brings a dispatcher along. */
export function request(url, { dispatcher, ...options }) {
  const { origin, pathname, search } = new URL(url);
  return api.request.call(dispatcher, { ...options, origin, path: `${pathname}${search}` });
}

// The Kubernetes client's typed calls would use it; Fairlead takes only its reading of kubeconfigs.
export const fetch = globalThis.fetch;
