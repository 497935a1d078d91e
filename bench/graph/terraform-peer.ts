import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Operation, Peer } from './peer.ts';
import type { DagNode } from './random-dag.ts';

const run = promisify(execFile);
/** Nothing of the user's, no look for a newer version. */
const ENV = { TF_CLI_CONFIG_FILE: '/dev/null', CHECKPOINT_DISABLE: '1' };
const COMMON = ['-input=false', '-no-color'];

const ARGS: Record<Operation, string[]> = {
  plan: ['plan', ...COMMON],
  apply: ['apply', '-auto-approve', ...COMMON],
  noop: ['plan', ...COMMON],
  change: ['apply', '-auto-approve', ...COMMON],
  destroy: ['destroy', '-auto-approve', ...COMMON],
};

/** Terraform with `terraform_data`, which is built in: no provider to download, none to speak to. */
export const terraformPeer: Peer = {
  name: 'terraform',
  largest: { plan: 10_000, apply: 1_000 },

  async prepare() {
    try {
      const { stdout } = await run('terraform', ['version', '-json'], { env: { ...process.env, ...ENV } });
      return { version: (JSON.parse(stdout) as { terraform_version: string }).terraform_version };
    } catch {
      return { missing: 'terraform is not on the PATH' };
    }
  },

  async write(folder, nodes) {
    await writeFile(join(folder, 'main.tf'), nodes.map(block).join('\n'));
    await run('terraform', ['init', ...COMMON], { cwd: folder, env: { ...process.env, ...ENV } });
  },

  command: (operation, cwd) => ({ file: 'terraform', args: ARGS[operation], cwd, env: ENV }),
};

function block({ name, label, needs }: DagNode): string {
  const references = needs.map((need) => `terraform_data.${need}.output.label`).join(', ');
  return `resource "terraform_data" "${name}" {\n  input = { label = "${label}", needs = [${references}] }\n}\n`;
}
