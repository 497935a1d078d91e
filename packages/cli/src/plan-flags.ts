import type { FailurePolicy, PlanOptions, TestLevel } from '@slipway/core';
import { type Command, Option } from 'commander';
import { collectList, collectPairs, parseCount, parseDuration, parseText } from './arguments.ts';

/** What `plan` and `deploy` take to say what is deployed and how. */
export interface PlanFlags {
  ship?: string;
  from?: string;
  only?: string[];
  tag?: Record<string, string>;
  changedSince?: string;
  sequential?: boolean;
  maxParallel?: number;
  onFailure?: FailurePolicy;
  timeout?: number;
  tests?: TestLevel;
}

/** Adds `--only` and `--tag`. */
export function addSelectionFlags(command: Command): Command {
  return command
    .option('--only <names>', 'only these services and resources, comma-separated', collectList)
    .option('--tag <key=value>', 'only what has this tag; may be repeated', collectPairs);
}

/** Adds `--sequential`, `--max-parallel` and `--timeout`. */
export function addPaceFlags(command: Command): Command {
  return command
    .option('--sequential', 'one step at a time')
    .option('--max-parallel <n>', 'at most so many steps at once', parseCount)
    .option('--timeout <duration>', 'end the whole deployment after, such as 30m', parseDuration);
}

/** Adds everything of {@link PlanFlags}. */
export function addPlanFlags(command: Command): Command {
  command
    .option('--ship <version>', 'version label of the release (default: the git commit)')
    .addOption(
      new Option('--from <environment>', 'the releases that run in that environment, as they were built')
        .argParser(parseText)
        .conflicts(['ship', 'changedSince']),
    );
  addSelectionFlags(command).option(
    '--changed-since <rev>',
    'only services changed since this git revision, and dependents',
    parseText,
  );
  return addPaceFlags(command)
    .addOption(
      new Option('--on-failure <policy>', 'what to do when a step fails').choices(['rollback', 'stop', 'continue']),
    )
    .addOption(
      new Option('--tests <level>', 'how deep to test before traffic').choices(['none', 'smoke', 'e2e', 'full']),
    );
}

/** The flags as the engine takes them; what wasn't given stays out. */
export function planOptionsOf(flags: PlanFlags): PlanOptions {
  const { ship, from, only, tag, changedSince, sequential, maxParallel, onFailure, timeout, tests } = flags;
  return {
    ...(ship === undefined ? {} : { ship }),
    ...(from === undefined ? {} : { from }),
    ...(only === undefined ? {} : { only }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(changedSince === undefined ? {} : { changedSince }),
    ...(sequential === undefined ? {} : { sequential }),
    ...(maxParallel === undefined ? {} : { maxParallel }),
    ...(onFailure === undefined ? {} : { onFailure }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(tests === undefined ? {} : { tests }),
  };
}
