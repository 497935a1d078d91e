import { spawn } from 'node:child_process';
import { join } from 'node:path';

// Deploys the example shop to its environment `dev` with the real command line, then asks each service.

const cli = join(import.meta.dirname, '../packages/cli/bin/slipway.js');
const shop = join(import.meta.dirname, 'shop');

/** Runs a slipway command on the shop to its end; `captured` returns what it printed instead of showing it. */
function slipway(args: readonly string[], output: 'shown' | 'captured'): Promise<{ exitCode: number; stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, '-C', shop, '-e', 'dev', ...args], {
      stdio: ['inherit', output === 'captured' ? 'pipe' : 'inherit', 'inherit'],
    });
    let stdout = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ exitCode: code ?? 1, stdout }));
  });
}

async function ask(url: string): Promise<{ ok: boolean; says: string }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    await response.body?.cancel();
    return { ok: response.ok, says: `answers ${response.status}` };
  } catch (error) {
    const { message, cause } = error as Error;
    return { ok: false, says: `does not answer: ${cause instanceof Error ? cause.message : message}` };
  }
}

async function demo(): Promise<number> {
  const { exitCode } = await slipway(['deploy', '--yes'], 'shown');
  if (exitCode !== 0) return exitCode;
  const status = await slipway(['status', '--json'], 'captured');
  if (status.exitCode !== 0) return status.exitCode;
  const { services } = JSON.parse(status.stdout) as { services: { name: string; url: string }[] };
  const answers = await Promise.all(services.map(async ({ name, url }) => ({ name, url, ...(await ask(url)) })));
  console.log();
  for (const { name, url, says } of answers) console.log(`${name.padEnd(10)} ${url}  ${says}`);
  console.log(`
To go on, in this folder:
  npx slipway -C examples/shop status -e dev   what runs
  npx slipway --help                           what else there is
  npx slipway -C examples/shop agent stop      stop it all
examples/shop/README.md walks through a change, three failures and a rollback.`);
  return answers.length > 0 && answers.every(({ ok }) => ok) ? 0 : 1;
}

// Ctrl-C reaches slipway too, which stops cleanly, says how to go on, and ends this as well.
process.on('SIGINT', () => undefined);
process.exitCode = await demo();
