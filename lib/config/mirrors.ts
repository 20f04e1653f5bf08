import * as z from 'zod';
import { entries } from './entries.ts';

/** Where the programs of others come from, if not from their makers (docs/deploying.md). */
export const mirrors = entries({
  /**
   * The image that the Git functions' image is built upon, by its digest. With git and ssh in it, nothing is installed
   * while it is built.
   */
  baseImage: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9.-]*(:\d{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[\w][\w.-]{0,127})?@sha256:[0-9a-f]{64}$/,
      'an image by its digest: registry.example.com/lambda/nodejs:24@sha256:…',
    )
    .optional(),
  /** A version of a Lambda layer with `helm/helm` and `kubectl/kubectl` for x86-64, in place of the one from npm. */
  helmLayer: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:layer:[A-Za-z0-9_-]{1,140}:\d+$/,
      'the ARN of a version of a layer: arn:aws:lambda:REGION:ACCOUNT:layer:NAME:1',
    )
    .optional(),
});

export type Mirrors = z.output<typeof mirrors>;
