import { GetParametersByPathCommand, type SSMClient } from '@aws-sdk/client-ssm';

/** Parameters below a path: name (without the path) → value. */
export interface Parameters {
  below(path: string): Promise<ReadonlyMap<string, string>>;
}

export function ssmParameters(client: SSMClient): Parameters {
  return {
    async below(path) {
      const found = new Map<string, string>();
      let next: string | undefined;
      do {
        const page = await client.send(
          new GetParametersByPathCommand({
            Path: path,
            Recursive: true,
            ...(next ? { NextToken: next } : {}),
          }),
        );
        for (const { Name, Value } of page.Parameters ?? []) {
          if (Name !== undefined && Value !== undefined) found.set(Name.slice(path.length + 1), Value);
        }
        next = page.NextToken;
      } while (next !== undefined);
      return found;
    },
  };
}
