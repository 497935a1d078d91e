import type { CallContext, Platform, RunningRevision } from '../provider/contract.ts';
import { lookWithin } from './look-within.ts';
import type { Workspace } from './workspace.ts';

/** How long a platform may take to say what runs. */
const LOOK_WITHIN_MS = 20_000;

export type PlatformLook =
  | { kind: 'seen'; running: ReadonlyMap<string, readonly RunningRevision[]> }
  /** `why`: for people, redacted. */
  | { kind: 'unseen'; why: string };

/** Asks a platform once what runs, by service. Looks only; never throws, never takes longer than 20 s. */
export async function lookAtPlatform(
  workspace: Workspace,
  platform: Platform,
  context: CallContext,
): Promise<PlatformLook> {
  try {
    const found = await lookWithin(LOOK_WITHIN_MS, context, (looking) => platform.list(looking));
    return { kind: 'seen', running: Map.groupBy(found, ({ service }) => service) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'unseen', why: workspace.redactor.text(why) };
  }
}
