/** A piece of what a container printed. */
export interface Frame {
  stream: 'stdout' | 'stderr';
  bytes: Buffer;
}

const HEADER_BYTES = 8;

/**
 * Takes apart what an engine sends of a container without a terminal: frames, each with a header of the stream's
 * number and the length. See "Stream format" of `ContainerAttach` in the Engine API's reference.
 */
export async function* demultiplex(source: AsyncIterable<Buffer | string>): AsyncGenerator<Frame> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = Buffer.concat([rest, Buffer.from(chunk)]);
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUInt32BE(4);
      if (rest.length < end) break;
      yield { stream: rest[0] === 2 ? 'stderr' : 'stdout', bytes: rest.subarray(HEADER_BYTES, end) };
      rest = rest.subarray(end);
    }
  }
}
