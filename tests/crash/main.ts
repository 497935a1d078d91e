import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Harness } from './harness.ts';
import { readOptions } from './options.ts';

// npm run crash -- --runs N --seed S: deployments killed at any instant, and what came of them. Exit code 1 when
// something was orphaned, done twice or left, with the folder and the line that shows it again.

const options = readOptions(process.argv.slice(2));
const folder = realpathSync(mkdtempSync(join(options.folder ?? tmpdir(), 'slipway-crash-')));
const harness = new Harness(options, folder);
const { passed, violations } = await harness.run();
if (violations === 0) rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${violations} failed`);
process.exitCode = violations === 0 ? 0 : 1;
