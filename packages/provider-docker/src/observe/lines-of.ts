import type { Frame } from './demultiplex.ts';

/** A line that a container printed. */
export interface PrintedLine {
  /** As the engine wrote it, Docker to the nanosecond, Podman to the second: in one format, so it sorts as text. */
  at: string;
  stream: 'stdout' | 'stderr';
  text: string;
}

const STAMP = /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)) /;
/** A longer line comes in parts. */
const LONGEST = 256 * 1024;

/**
 * Puts frames with time stamps together to lines. The engine cuts a long line into frames that each have a stamp; only
 * the last of them ends with a newline.
 */
export async function* linesOf(frames: AsyncIterable<Frame>): AsyncGenerator<PrintedLine> {
  const begun = new Map<Frame['stream'], { at: string; text: string }>();
  for await (const { stream, bytes } of frames) {
    for (const piece of bytes.toString('utf8').split(/(?<=\n)/)) {
      const stamp = STAMP.exec(piece);
      const text = stamp ? piece.slice(stamp[0].length) : piece;
      const line = begun.get(stream) ?? { at: stamp?.[1] ?? new Date().toISOString(), text: '' };
      line.text += text;
      if (line.text.endsWith('\n') || line.text.length > LONGEST) {
        begun.delete(stream);
        yield { at: line.at, stream, text: line.text.replace(/\r?\n$/, '') };
      } else begun.set(stream, line);
    }
  }
  for (const [stream, { at, text }] of begun) yield { at, stream, text };
}
