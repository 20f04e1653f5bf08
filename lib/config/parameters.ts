import * as z from 'zod';
import type { Parameters } from '../aws/parameters.ts';
import { audienceOf, type Webhook } from './audiences.ts';
import { type Audience, type Config, ConfigError, parseConfig } from './config.ts';

/**
 * How the configuration travels to the functions: `<path>/installation` (all but repositories, targets, severity, and
 * what no function needs: `aws`, who may upload and give commands, and audiences, whose addresses are secrets where a pager's is),
 * `<path>/repositories/<name>`, `<path>/targets/<name>` and `<path>/severity/<number>`, each a JSON text, since an SSM
 * parameter holds 4 KB. Publishers come with keyrings and trusted roots, hence in pieces:
 * `<path>/publishers/<target>/<number>`.
 */
export function toParameters(config: Config): ReadonlyMap<string, string> {
  const { repositories, targets, severity, audiences: _, aws: __, ...installation } = config;
  return new Map([
    ['installation', JSON.stringify(installation)],
    ...repositories.map((entry) => [`repositories/${entry.name}`, JSON.stringify(entry)] as const),
    ...targets.map(
      ({ uploaders: _, operators: __, publishers: _pieces, ...entry }) =>
        [`targets/${entry.name}`, JSON.stringify(entry)] as const,
    ),
    ...targets.flatMap(({ name, publishers }) =>
      piecesOf(publishers).map(
        (piece, index) => [`publishers/${name}/${String(index).padStart(3, '0')}`, piece] as const,
      ),
    ),
    // Their order decides.
    ...severity.map(
      (entry, index) => [`severity/${String(index).padStart(3, '0')}`, JSON.stringify(entry)] as const,
    ),
  ]);
}

/** Characters, each of one byte. */
const PIECE_LENGTH = 4000;

/** Of the JSON text, with what is not ASCII escaped, so that it may be cut anywhere. */
function piecesOf(publishers: Config['targets'][number]['publishers']): readonly string[] {
  if (publishers === undefined) return [];
  const text = JSON.stringify(publishers).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return text.match(new RegExp(`.{1,${PIECE_LENGTH}}`, 'g')) ?? [];
}

/** Below which path the configuration of an installation lies; beside it are its addresses. */
export const configPath = (installation: string): string => `/fairlead/${installation}/config`;

/** Below which path each webhook audience has a parameter of its own: `send-alerts` reads them, and no other. */
export const webhooksPath = (installation: string): string => `/fairlead-webhooks/${installation}`;

/** The webhooks as parameters below that path, by name. */
export const toWebhookParameters = ({ audiences }: Pick<Config, 'audiences'>): ReadonlyMap<string, string> =>
  new Map(webhooksOf(audiences).map((webhook) => [webhook.name, JSON.stringify(webhook)]));

/** @throws ConfigError naming every parameter that is not what was deployed, and nothing of what is in it */
export function fromWebhookParameters(found: ReadonlyMap<string, string>, path: string): readonly Webhook[] {
  const audiences = [...found].map(([name, value]) => ({ name, audience: audienceIn(value) }));
  const problems = audiences.flatMap(({ name, audience }) =>
    audience === undefined ? [`${name}: it is no audience; deploy again`] : [],
  );
  if (problems.length > 0) throw new ConfigError(problems, `the parameters below ${path}`);
  return webhooksOf(audiences.flatMap(({ audience }) => audience ?? []));
}

function audienceIn(text: string): Audience | undefined {
  try {
    return audienceOf(z.string()).safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const webhooksOf = (audiences: Config['audiences']): readonly Webhook[] =>
  audiences.flatMap((audience) => (audience.form === 'webhook' ? [audience] : []));

/** @throws ConfigError if what was deployed is not a configuration */
export function fromParameters(found: ReadonlyMap<string, string>, path: string): Config {
  const below = (prefix: string) =>
    [...found]
      .filter(([name]) => name.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, value]) => JSON.parse(value));
  return parseConfig(
    {
      ...JSON.parse(found.get('installation') ?? '{}'),
      repositories: below('repositories/'),
      targets: below('targets/').map((target) => withPublishers(target, found)),
      severity: below('severity/'),
    },
    `the parameters below ${path}`,
  );
}

function withPublishers(target: unknown, found: ReadonlyMap<string, string>): unknown {
  const { success, data } = z.looseObject({ name: z.string() }).safeParse(target);
  if (!success) return target;
  const prefix = `publishers/${data.name}/`;
  const pieces = [...found].filter(([name]) => name.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
  if (pieces.length === 0) return target;
  return { ...data, publishers: JSON.parse(pieces.map(([, piece]) => piece).join('')) };
}

/** Reads once; a warm function keeps it (a changed configuration changes the function's environment). */
export function configReader(parameters: Parameters, path: string): () => Promise<Config> {
  let reading: Promise<Config> | undefined;
  return () => {
    reading ??= parameters.below(path).then((found) => fromParameters(found, path));
    reading.catch(() => {
      reading = undefined;
    });
    return reading;
  };
}
