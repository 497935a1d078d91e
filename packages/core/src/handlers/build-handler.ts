import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../errors.ts';
import type { StepHandlers } from '../execute/handler.ts';
import { endProcessesMarked } from '../provider/leftovers.ts';
import { baseEnvironment, runCommand } from '../provider/run-command.ts';
import { type ArtifactStore, copySource } from '../release/artifact-store.ts';
import { sourceDigest } from '../release/release-parts.ts';
import { filesUnder, readSourceTree } from '../release/source-tree.ts';
import { commandFailed, STEP_MARK } from './service-command.ts';

/**
 * Builds an artifact from a copy of the service's source: the files that the plan saw, and nothing else. Has
 * no effect but the artifact, which is kept under the digest of its content: safe to repeat.
 */
export function buildHandler(artifacts: ArtifactStore): StepHandlers['build'] {
  return {
    async run(step, context) {
      const { path, shared, source, fingerprint, command } = step.input;
      const { directory } = context.call;
      const workspace = await artifacts.openWorkspace();
      try {
        const tree = await readSourceTree(directory);
        await copySource(directory, filesUnder(tree, [path, ...shared]), workspace);
        const after = sourceDigest(await readSourceTree(directory), path, shared);
        if (after !== source) throw sourceMoved(step.subject);
        if (command !== undefined) {
          const env = { ...baseEnvironment(), SLIPWAY_ENVIRONMENT: context.environment, [STEP_MARK]: context.token };
          const result = await runCommand({
            script: command,
            cwd: join(workspace, path),
            env,
            signal: context.signal,
            onLine: (line) => context.log(line),
          });
          if (result.exitCode !== 0) throw commandFailed('build', step.subject, result);
        }
        const kept = await artifacts.keep(workspace);
        return {
          changes: [],
          detail: { artifact: kept.digest, sizeBytes: kept.sizeBytes },
          artifact: { fingerprint, ...kept },
        };
      } finally {
        await rm(workspace, { recursive: true, force: true });
      }
    },
    async settle(_step, context) {
      await endProcessesMarked(STEP_MARK, context.token);
      return { as: 'not-done', how: 'A build that broke off left nothing; what it had started has been ended.' };
    },
  };
}

function sourceMoved(subject: string): SlipwayError {
  return new SlipwayError('source-moved', `The source of ${subject} changed after the plan was made.`, {
    subject,
    hint: 'Nothing was built. Deploy again to plan with the files as they are now.',
    details: { effect: 'none' },
  });
}
