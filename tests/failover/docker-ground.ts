import { join } from 'node:path';
import { OwnEngine } from '@slipway/provider-testkit';
import type { Ground } from './ground.ts';
import { HAPROXY } from './haproxy-victim.ts';

/** Containers of an engine of its own, behind HAProxy: the engine's daemon and HAProxy can be taken away. */
export async function openDockerGround(folder: string): Promise<Ground> {
  const engine = await OwnEngine.start(join(folder, 'engine'));
  return {
    platform: { use: 'docker', host: engine.host },
    router: 'haproxy',
    runs: 'image',
    victims: [{ name: "the engine's daemon", hit: () => engine.kill(), mend: () => engine.up() }, HAPROXY],
    instances: (project) => engine.containersOf(project),
    close: () => engine.stop(),
  };
}
