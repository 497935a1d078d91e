import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Edit, edits } from './edits.ts';
import { hostsDown, hostsUp } from './hosts.ts';
import { visit } from './visit.ts';

// walk.ts NAME makes one of the edits of the walk-through; walk.ts restore [NAME] takes it, or all, back. Besides,
// walk.ts visit is the users, and walk.ts hosts up|down the hosts of the environment fleet.

const OTHERS = ['restore [NAME]', 'visit ENVIRONMENT [SECONDS] [SERVICE]', 'hosts up|down'];
const shop = join(import.meta.dirname, '..');

function make(edit: Edit): void {
  if ('add' in edit) {
    writeFileSync(join(shop, edit.add), edit.content);
    return;
  }
  const file = join(shop, edit.file);
  const text = readFileSync(file, 'utf8');
  if (text.includes(edit.to)) return;
  if (!text.includes(edit.from)) throw new Error(`${edit.file} has no "${edit.from}" any more; restore it first.`);
  writeFileSync(
    file,
    text.replace(edit.from, () => edit.to),
  );
}

/** Takes the edit back if it is made, and says whether it was. */
function takeBack(edit: Edit): boolean {
  if ('add' in edit) {
    const made = existsSync(join(shop, edit.add));
    rmSync(join(shop, edit.add), { force: true });
    return made;
  }
  const file = join(shop, edit.file);
  const text = readFileSync(file, 'utf8');
  if (!text.includes(edit.to)) return false;
  writeFileSync(
    file,
    text.replace(edit.to, () => edit.from),
  );
  return true;
}

async function walk([command, which, ...more]: readonly string[]): Promise<string> {
  if (command === 'visit') return await visit(which, ...more);
  if (command === 'hosts' && which === 'up') return await hostsUp();
  if (command === 'hosts' && which === 'down') return hostsDown();
  if (command === 'restore') {
    const restored = Object.keys(edits).filter(
      (name) =>
        (which ?? name) === name &&
        find(name)
          .edits.map((edit) => takeBack(edit))
          .includes(true),
    );
    return restored.length === 0 ? 'There is nothing to restore.' : `Restored: ${restored.join(', ')}.`;
  }
  const { edits: wanted, says } = find(command);
  for (const edit of wanted) make(edit);
  return says;
}

function find(name: string | undefined): (typeof edits)[string] {
  const found = edits[name ?? ''];
  if (!found) throw new Error(`Usage: npm run walk NAME, one of\n  ${[...Object.keys(edits), ...OTHERS].join('\n  ')}`);
  return found;
}

try {
  console.log(await walk(process.argv.slice(2)));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
