import type { Engine } from '../engine/connect.ts';
import { isAbsent, statusOf } from '../errors.ts';

/**
 * Stops a container within the grace that it was made with, and removes it with its unnamed volumes. One that is gone,
 * stopped or being removed already is a success.
 */
export async function removeInstance(
  { docker }: Engine,
  id: string,
  { gracefully }: { gracefully: boolean },
): Promise<void> {
  const container = docker.getContainer(id);
  try {
    if (gracefully) await container.stop().catch(unlessStopped);
    await container.remove({ force: true, v: true });
  } catch (error) {
    // 409: somebody else is removing it at this moment.
    if (!isAbsent(error) && statusOf(error) !== 409) throw error;
  }
}

function unlessStopped(error: unknown): void {
  if (statusOf(error) !== 304) throw error;
}
