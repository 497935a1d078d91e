import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Edit, edits } from './edits.ts';

// walk.ts NAME makes one of the edits of the walk-through; walk.ts restore takes back all that are made.

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

function walk(name: string | undefined): string {
  if (name === 'restore') {
    const restored = Object.entries(edits).filter(([, chosen]) =>
      chosen.edits.map((edit) => takeBack(edit)).includes(true),
    );
    return restored.length === 0 ? 'Nothing was changed.' : `Restored: ${restored.map(([key]) => key).join(', ')}.`;
  }
  const chosen = edits[name ?? ''];
  if (!chosen) throw new Error(`Usage: walk.ts ${Object.keys(edits).join('|')}|restore`);
  for (const edit of chosen.edits) make(edit);
  return chosen.says;
}

try {
  console.log(walk(process.argv[2]));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
