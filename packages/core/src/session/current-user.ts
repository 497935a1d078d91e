import { userInfo } from 'node:os';

/** Who types, for wishes left to others. */
export function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
