import { execFile } from 'node:child_process';

/** Runs a command to its end and returns what it printed; throws with the end of what it said when it fails. */
export function run(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const { cwd, env } = options;
    const about = { ...(cwd === undefined ? {} : { cwd }), env: { ...process.env, ...env }, maxBuffer: 1 << 26 };
    execFile(file, args, about, (error, stdout, stderr) => {
      if (error)
        reject(new Error(`${file} ${args.join(' ')} failed: ${(stderr || stdout || error.message).slice(-2_000)}`));
      else resolve(stdout);
    });
  });
}

/** The first line that a command prints, or why it is missing. */
export async function versionOf(file: string, ...args: string[]): Promise<{ version: string } | { missing: string }> {
  try {
    return { version: (await run(file, args)).trim().split('\n', 1)[0]! };
  } catch (error) {
    return { missing: (error as Error).message.trim() };
  }
}
