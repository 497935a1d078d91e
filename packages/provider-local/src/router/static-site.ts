import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import send from '@fastify/send';
import { sha256 } from '@slipway/core/provider';

/** Dotfiles stay private, but `/.well-known/` is there to be read; names only, so that no `..` gets past. */
const WELL_KNOWN = /^\/\.well-known(\/[\w-][\w.-]*)+$/;

/**
 * Answers from a folder: `index.html` for folders, `about` for `about.html`, ranges and ETags, nothing
 * outside the folder and no dotfiles. `begun` is called when the status is known, before the body is sent.
 */
export async function serveStatic(
  directory: string,
  request: IncomingMessage,
  response: ServerResponse,
  begun: () => void,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    begun();
    response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Length': 0 }).end();
    return;
  }
  const path = (request.url ?? '/').split('?', 1)[0] as string;
  const mark = sha256(directory).slice(0, 8);
  claimTags(request, mark);
  const { statusCode, headers, stream } = await send(request, path, {
    root: directory,
    extensions: ['html'],
    dotfiles: WELL_KNOWN.test(path) ? 'allow' : 'ignore',
    // Two releases may hold files of equal size and time; only the marked tag tells them apart.
    lastModified: false,
  });
  if (headers.ETag) headers.ETag = headers.ETag.replace('W/"', `W/"${mark}-`);
  response.writeHead(statusCode, headers);
  begun();
  pipeline(stream, response, (error) => {
    if (error) response.destroy();
  });
}

/** Takes our mark off the tags of this folder; another release's tags keep theirs, and so match nothing. */
function claimTags(request: IncomingMessage, mark: string): void {
  for (const name of ['if-none-match', 'if-match', 'if-range'] as const) {
    const tags = request.headers[name];
    if (typeof tags === 'string') request.headers[name] = tags.replaceAll(`W/"${mark}-`, 'W/"');
  }
}
