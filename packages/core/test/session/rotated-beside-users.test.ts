import { expect, it } from 'vitest';
import { service } from '../support/declare.ts';
import { type Playground, playground } from '../support/playground.ts';
import { begun } from '../support/rolling-out.ts';

// A secret was rotated while instances run that were started with the old value: whoever has users keeps what it has.

const [FIRST, SECOND, THIRD] = ['tr0ub4dor-and-three', 'correct-horse-battery', 'staple-of-the-third'];

/** Three instances that run with the first value, and the second in place. */
async function rotated(rolling: Record<string, unknown> = {}) {
  const play = await playground({ variables: { DB_PASSWORD: FIRST } });
  await play.file('web/x', 'x');
  const env = { PASSWORD: '${secret:DB_PASSWORD}' };
  await play.deploy({
    environments: { dev: { platform: 'memory', onFailure: 'rollback' } },
    services: { web: service('web', 4000, { instances: 3, env, strategy: { rolling: { drain: '0s', ...rolling } } }) },
  });
  const [old] = Object.keys(play.cluster.routes.web!);
  play.variables = { DB_PASSWORD: SECOND };
  return { play, old: old! };
}

/** What each instance was started with, by number. */
function passwordsOf(play: Playground, revision: string): Record<string, string | undefined> {
  const { startedWith } = play.cluster.revisions.get(`web/${revision}`)!;
  return Object.fromEntries(Object.entries(startedWith).map(([slot, { PASSWORD }]) => [slot, PASSWORD]));
}

it('instances that are replaced serve with the old one to their end', async () => {
  const { play, old } = await rotated();
  const seen: Record<string, string | undefined>[] = [];
  play.fault = (call, when) => {
    if (when === 'after' && call.call === 'stage' && 'revision' in call && call.revision === old)
      seen.push(passwordsOf(play, old));
    return undefined;
  };
  expect((await play.deploy()).status).toBe('completed');
  expect(seen).toEqual([{ 0: FIRST, 1: FIRST }, { 0: FIRST }]);
  const [fresh] = Object.keys(play.cluster.routes.web!);
  expect(passwordsOf(play, fresh!)).toEqual({ 0: SECOND, 1: SECOND, 2: SECOND });
});

it('those that serve are left on the way back too, and what comes beside them has the new one', async () => {
  const { play, old } = await rotated();
  play.cluster.isIll = ({ revision }, slot) => revision !== old && slot > 0;
  expect((await play.deploy()).status).toBe('rolled_back');
  expect(play.cluster.routes.web).toEqual({ [old]: 100 });
  expect(passwordsOf(play, old)).toEqual({ 0: FIRST, 1: FIRST, 2: SECOND });
});

it('bringing back one that crashed leaves the others', async () => {
  const { play, old } = await rotated();
  play.cluster.stopInstance('web', old, 1);
  expect((await play.session((slipway) => slipway.fixDrift())).status).toBe('completed');
  expect(passwordsOf(play, old)).toEqual({ 0: FIRST, 1: SECOND, 2: FIRST });
});

it('a rollout that goes on after another rotation leaves what it gave traffic already', async () => {
  const { play } = await rotated({ pause: '10m' });
  const kill = new AbortController();
  const { done } = await begun(play, 'hold-1', { kill: kill.signal });
  kill.abort();
  await done;
  play.variables = { DB_PASSWORD: THIRD };
  await play.session((slipway) => slipway.control('promote'));
  expect((await play.session((slipway) => slipway.resume())).status).toBe('completed');
  const [fresh] = Object.keys(play.cluster.routes.web!);
  expect(passwordsOf(play, fresh!)).toEqual({ 0: SECOND, 1: THIRD, 2: THIRD });
});
