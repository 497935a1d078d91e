import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Thing } from './things.ts';

/**
 * The commands. The outside world is a folder of empty files, one an effect, each made exclusively: an
 * effect is there or not, nothing in between, and a second one of the same token is caught in the act.
 * What exists is what was created and not deleted.
 */
const SCRIPT = `
effect() {
  [ "$BEFORE" = 0 ] || sleep "$BEFORE"
  set -C
  true > "ledger/$1,$NAME,$SLIPWAY_TOKEN,$VALUE" || { true > "twice/$1,$NAME,$SLIPWAY_TOKEN,$$"; exit 9; }
  [ "$AFTER" = 0 ] || sleep "$AFTER"
}
happened() { for file in "ledger/$1,$NAME,$2,"*; do [ -e "$file" ] && return 0; done; return 1; }
create() {
  [ "$BROKEN" = yes ] && { echo "$NAME can't be made"; exit 1; }
  effect create; tell
}
update() { effect update; tell; }
delete() { effect delete; }
tell() { printf '{"id":"%s"}\\n' "$NAME"; }
find() {
  if [ "$SLIPWAY_ACTION" = update ]; then
    happened update "$SLIPWAY_TOKEN" && printf '{"id":"%s","token":"%s"}\\n' "$NAME" "$SLIPWAY_TOKEN" && exit 0
    printf '{"id":"%s","token":"another"}\\n' "$NAME"; exit 0
  fi
  happened create "$SLIPWAY_TOKEN" && ! happened delete "$SLIPWAY_TOKEN" && tell && exit 0
  exit 1
}
read_by_id() { for file in "ledger/create,$SLIPWAY_ID,"*; do [ -e "$file" ] && tell && exit 0; done; exit 1; }
`;

export interface ProjectOptions {
  /** False: nothing can look by token, only by id. */
  finds: boolean;
}

/** Writes the project's config and commands, and an empty world beside them. */
export function writeProject(directory: string, things: readonly Thing[], { finds }: ProjectOptions): void {
  for (const folder of ['ledger', 'twice']) mkdirSync(join(directory, folder), { recursive: true });
  writeFileSync(join(directory, 'thing.sh'), SCRIPT);
  const resources = Object.fromEntries(things.map((thing) => [thing.name, resourceOf(thing, finds)]));
  const config = { name: 'things', environments: { lab: { platform: 'local' } }, resources };
  // JSON is YAML.
  writeFileSync(join(directory, 'slipway.yaml'), JSON.stringify(config, null, 1));
}

function resourceOf(thing: Thing, finds: boolean): object {
  const run = (command: string) => `. ./thing.sh; ${command}`;
  return {
    type: 'local:command',
    create: run('create'),
    delete: run('delete'),
    ...(finds ? { find: run('find') } : { read: run('read_by_id') }),
    ...(thing.updates ? { update: run('update') } : {}),
    env: {
      NAME: thing.name,
      VALUE: String(thing.value),
      BEFORE: String(thing.takes[0]),
      AFTER: String(thing.takes[1]),
      BROKEN: thing.broken ? 'yes' : 'no',
      NEEDS: thing.needs.map((need) => `\${resource:${need}.id}`).join(' '),
    },
    replace: thing.replace,
  };
}
