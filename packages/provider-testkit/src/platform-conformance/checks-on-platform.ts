import { test } from 'vitest';
import type { PlatformStand } from './platform-stand.ts';

export type OpenPlatformStand = () => Promise<PlatformStand>;

export type DeclarePlatformCheck = (
  name: string,
  check: (stand: PlatformStand) => Promise<void>,
  /** Why it doesn't apply to this platform, or undefined where it does. */
  skippedFor?: (stand: PlatformStand) => string | undefined,
) => void;

/** Each check has a service of its own, which is taken away whatever came of it. */
export function checksOnPlatform(open: OpenPlatformStand): DeclarePlatformCheck {
  return (name, check, skippedFor) => {
    test(name, async ({ skip }) => {
      const stand = await open();
      try {
        const reason = skippedFor?.(stand);
        if (reason !== undefined) skip(reason);
        await check(stand);
      } finally {
        await stand.close();
      }
    });
  };
}
