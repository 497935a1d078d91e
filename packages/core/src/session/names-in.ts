import type { State } from '../state/record.ts';

/** The names under which the registry finds what recorded things need: types, platforms, routers. */
export function namesIn(state: State): string[] {
  return [...state.values()].flatMap((record) =>
    record.kind === 'resource' ? [record.type] : [record.platform, ...(record.router ? [record.router] : [])],
  );
}
