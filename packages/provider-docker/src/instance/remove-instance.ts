import type Docker from 'dockerode';
import type { Engine } from '../engine/connect.ts';
import { endingName, isEndingName } from '../engine/place.ts';
import { isAbsent, statusOf } from '../errors.ts';

/**
 * Stops a container within the grace that it was made with, and removes it with its unnamed volumes. One that is gone,
 * stopped or being removed already is a success. An engine stops it also when nobody waits for that any more, and tells
 * nobody that it does: so it is renamed before, and whoever comes next sees that it is being ended.
 */
export async function removeInstance(
  { docker }: Engine,
  id: string,
  { gracefully }: { gracefully: boolean },
): Promise<void> {
  const container = docker.getContainer(id);
  try {
    if (gracefully) {
      await markEnding(container, id);
      await container.stop().catch(unlessStopped);
    }
    await container.remove({ force: true, v: true });
  } catch (error) {
    // 409: somebody else is removing it at this moment.
    if (!isAbsent(error) && statusOf(error) !== 409) throw error;
  }
}

/** Safe to repeat. */
async function markEnding(container: Docker.Container, id: string): Promise<void> {
  const name = await nameOf(container);
  if (isEndingName(name, id)) return;
  try {
    await container.rename({ name: endingName(name, id) });
  } catch (error) {
    // Another run may have renamed it just now.
    if (!isEndingName(await nameOf(container), id)) throw error;
  }
}

async function nameOf(container: Docker.Container): Promise<string> {
  return (await container.inspect()).Name.replace(/^\//, '');
}

function unlessStopped(error: unknown): void {
  if (statusOf(error) !== 304) throw error;
}
