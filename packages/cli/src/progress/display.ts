import type { Happening } from './happening.ts';

/** Something that shows a run to people while it goes on. */
export interface Display {
  show(happening: Happening): void;
  /** A line of Slipway's own, such as the answer to Ctrl-C. */
  note(line: string): void;
  /** Takes away what isn't final; safe to repeat. */
  close(): void;
}
