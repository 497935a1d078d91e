import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes a project whose deployment waits for a command that only sleeps. Returns its folder. */
export async function writeWaitingProject(parent: string, name: string, seconds: number): Promise<string> {
  const folder = join(parent, name);
  await mkdir(folder);
  const wait = `{ type: 'local:command', create: 'sleep ${seconds}', find: 'exit 1', delete: 'true', timeout: '1h' }`;
  await writeFile(
    join(folder, 'slipway.yaml'),
    `name: ${name}\nenvironments: { dev: { platform: local } }\nresources:\n  wait: ${wait}\n`,
  );
  return folder;
}
