import type { Reason } from './change.ts';

type Tags = Readonly<Record<string, string>>;

/** Where two sets of tags differ, by name; automatic ones never count. */
export function tagReasons(before: Tags, after: Tags, automatic: ReadonlySet<string>): Reason[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .filter((name) => !automatic.has(name) && before[name] !== after[name])
    .map((name) => ({
      path: `tags.${name}`,
      before: before[name] ?? null,
      after: after[name] ?? null,
      replaces: false,
    }));
}
