import * as z from 'zod';

/** `HOST[:PORT][/PATH]`, in lower case as references are. */
const PLACE = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?(\/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)*$/;
const PLACES = 50;

/**
 * Where images may come from: a registry, or what lies below one of its paths. Docker Hub is `docker.io`, its own images
 * `docker.io/library`.
 */
export const allowedRegistries = z
  .array(
    z
      .string()
      .max(255)
      .transform((place) => place.replace(/(\/…|\/\*{1,2}|\/)$/, ''))
      .refine(
        (place) => PLACE.test(place) && isRegistry(place),
        'a registry, with or without a path: "registry.example.com", "registry.example.com:5000/team", "docker.io/library"',
      ),
  )
  .min(1, 'name at least one registry; leave the entry out where images may come from anywhere')
  .max(PLACES, `at most ${PLACES} of a target`);

/** What would be read as a name on Docker Hub is no registry. */
function isRegistry(place: string): boolean {
  const host = place.split('/')[0] ?? '';
  return host === 'localhost' || /[.:]/.test(host);
}
