import type { Command, Which } from './commands.ts';
import type { Release, World } from './world.ts';

/** What a command does to the world; commands that are no change of it do nothing here. */
export function happen(world: World, command: Command): void {
  switch (command.do) {
    case 'edit':
      for (const each of chosen(world, command.releases)) each.edits.set(command.place, command.value);
      return;
    case 'put back':
      for (const each of chosen(world, command.releases)) each.edits.delete(command.place);
      return;
    case 'heal':
      for (const each of chosen(world, command.releases)) heal(each);
      return;
    case 'ready':
      for (const each of chosen(world, command.releases)) each.ready = command.is;
      return;
    case 'readable':
      for (const each of chosen(world, command.releases)) each.readable = command.how;
      return;
    case 'commit':
      world.sequence++;
      for (const each of chosen(world, command.releases)) {
        each.tip++;
        each.tipSince = world.now;
        if (command.applied) each.applied = each.tip;
      }
      return;
    case 'apply':
      for (const each of chosen(world, command.releases)) each.applied = each.tip;
      return;
    case 'declare':
      world.sequence++;
      for (const each of chosen(world, command.releases)) each.declared = command.is;
      return;
    case 'hide':
      world[command.what] = command.is ? 'unknown' : 'seen';
      return;
    case 'time':
      world.now += command.minutes;
      return;
    case 'check':
    case 'again':
    case 'steps':
    case 'finish':
    case 'crash':
    case 'deliver':
    case 'lose':
    case 'outage':
    case 'sweep':
    case 'index':
    case 'snooze':
      return;
  }
}

const heal = (release: Release): void => {
  release.edits.clear();
  release.applied = release.tip;
  release.ready = true;
  release.readable = 'all';
};

export function healAll(world: World): void {
  for (const release of world.releases) heal(release);
  world.target = 'seen';
  world.manifests = 'seen';
}

const chosen = ({ releases }: World, which: Which): readonly Release[] =>
  releases.filter((_, number) => (which & (1 << number)) !== 0);
