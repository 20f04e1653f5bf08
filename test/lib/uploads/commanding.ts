import { createHash, randomUUID } from 'node:crypto';
import {
  type Caller,
  type Command,
  digestOfCommand,
  type Proof,
  type UnprovenCommand,
  type Verb,
} from '../../../lib/commands/command.ts';
import type { Proven, Sts } from '../../../lib/commands/proof.ts';
import type { Digest } from '../../../lib/content/tree.ts';

export const ADA: Caller = {
  arn: 'arn:aws:sts::111122223333:assumed-role/Operators/ada',
  account: '111122223333',
};

const KEY = 'AKIATEST';

/** A command as the command line writes it, signed at `at` by a key that the stand-in for STS knows. */
export function commandOf(verb: Verb, at: Date, changed: Partial<Command> = {}): Command {
  const asked: UnprovenCommand = {
    schema: 1,
    id: randomUUID(),
    installation: 'test',
    target: 'staging',
    at: at.toISOString(),
    verb,
    ...changed,
  };
  return { ...asked, proof: changed.proof ?? proofOf(digestOfCommand(asked), at) };
}

export const proofOf = (digest: Digest, at: Date): Proof => ({
  region: 'eu-central-1',
  date: at.toISOString().replace(/[-:]|\.\d{3}/g, ''),
  accessKeyId: KEY,
  signature: signatureOf(digest, at.toISOString().slice(0, 19)),
});

const signatureOf = (digest: string, at: string): string =>
  createHash('sha256').update(`${digest} ${at}`).digest('hex');

export interface StandInSts extends Sts {
  /** While it is, nobody answers. */
  down: boolean;
  readonly asked: Digest[];
}

/** Of STS what counts: it knows whose key signed, and that it signed this digest at this time. */
export function standInSts(caller: Caller = ADA): StandInSts {
  const asked: Digest[] = [];
  return {
    down: false,
    asked,
    async callerOf({ accessKeyId, date, signature }, digest): Promise<Proven> {
      asked.push(digest);
      if (this.down) throw new Error('STS does not answer');
      if (accessKeyId !== KEY) return { kind: 'unproven', why: 'AWS does not know the credentials' };
      const at = date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6');
      return signature === signatureOf(digest, at)
        ? { kind: 'proven', ...caller }
        : { kind: 'unproven', why: 'AWS computes another signature' };
    },
  };
}
