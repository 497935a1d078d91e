import type { JsonValue } from '../../src/json.ts';
import type { Playground } from './playground.ts';

/**
 * Everything that a person could tell about the environment: recorded state, things, running revisions with their
 * environment, routes. Ids and tokens of things are told by the thing's name, so that one which was made anew
 * counts as the same, while a reference to one that is gone shows. So are revisions that refer to such a thing.
 */
export async function viewOf(play: Playground): Promise<JsonValue> {
  const names = new Map([...play.world.things.values()].map(({ id, name }) => [id, `<${name}>`]));
  const told = (value: unknown): JsonValue =>
    JSON.parse(
      JSON.stringify(value ?? null)
        .replace(/thing-\d+/g, (id) => names.get(id) ?? `${id} (gone)`)
        .replace(/(s\d-[0-9a-f]{10})-\d+/g, '$1'),
    );
  const sorted = <T>(entries: Iterable<[string, T]>) =>
    Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
  const state = [...(await play.state())].map(([address, record]): [string, JsonValue] => {
    if (record.kind === 'resource') return [address, told({ ...record, token: 'any' })];
    const revisions = Object.values(record.revisions).map((revision) => {
      const { version, artifact, parts } = revision.release;
      const release = { version, artifact, source: parts.source, build: parts.build };
      return [revision.id, revision.declared ? { ...revision, release } : revision];
    });
    // A route that was opened anew has another port.
    const outputs = record.outputs.url === undefined ? {} : { url: 'any' };
    return [address, told({ ...record, outputs, revisions: Object.fromEntries(revisions) })];
  });
  const things = [...play.world.things.values()].map(({ name, properties }): [string, JsonValue] => [
    name,
    told(properties),
  ]);
  const running = [...play.cluster.revisions].map(([key, { env, artifact, slots }]): [string, JsonValue] => [
    told(key) as string,
    { env: told(env), artifact: artifact.digest, slots },
  ]);
  return {
    state: sorted(state),
    things: sorted(things),
    thingsCount: play.world.things.size,
    running: sorted(running),
    routes: told(sorted(Object.entries(play.cluster.routes))),
  };
}
