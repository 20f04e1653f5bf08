import { isJsonObject, type Json, type JsonObject, type KubernetesObject } from '../../objects/objects.ts';

/**
 * Where the API server adds entries to a map that is itself declared (pkg/apis/core/v1/defaults.go): no default of the
 * whole field says what one entry would have been, so the desired object is filled in as the server does.
 */
export function filled(object: KubernetesObject): KubernetesObject {
  const { apiVersion, kind, spec } = object;
  if (apiVersion !== 'v1' || !isJsonObject(spec)) return object;
  switch (kind) {
    case 'LimitRange':
      return { ...object, spec: withItems(spec, 'limits', limitFilled) };
    case 'Pod':
      // Of a Pod itself, never of a template.
      return {
        ...object,
        spec: withItems(withItems(spec, 'containers', containerFilled), 'initContainers', containerFilled),
      };
    default:
      return object;
  }
}

/** SetDefaults_LimitRangeItem. */
function limitFilled(item: JsonObject): JsonObject {
  if (item.type !== 'Container') return item;
  const limits = { ...entries(item.max), ...entries(item.default) };
  const requests = { ...entries(item.min), ...limits, ...entries(item.defaultRequest) };
  return { ...item, default: limits, defaultRequest: requests };
}

/** SetDefaults_Pod: what is limited is requested. */
function containerFilled(container: JsonObject): JsonObject {
  const { resources } = container;
  if (!isJsonObject(resources) || !isJsonObject(resources.limits)) return container;
  const requests = { ...resources.limits, ...entries(resources.requests) };
  return { ...container, resources: { ...resources, requests } };
}

function withItems(spec: JsonObject, field: string, fill: (item: JsonObject) => JsonObject): JsonObject {
  const items = spec[field];
  return Array.isArray(items)
    ? { ...spec, [field]: items.map((item: Json) => (isJsonObject(item) ? fill(item) : item)) }
    : spec;
}

const entries = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});
