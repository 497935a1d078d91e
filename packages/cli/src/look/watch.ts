import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '@slipway/core/provider';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { stopOnSignal } from '../interruption.ts';
import { LiveArea } from '../progress/live-area.ts';
import { fitColored } from '../render/text.ts';
import { wrap } from '../render/wrap.ts';
import type { Session } from '../session.ts';
import { describeStatus, statusDocument } from './status.ts';

const EVERY_MS = 1000;

/** Shows the status again and again: in place on a terminal, elsewhere whenever it changed; until a signal. */
export async function watchStatus(session: Session, deployment: string | undefined): Promise<ExitCode> {
  const { output } = session;
  if (output.mode === 'json') {
    throw new SlipwayError('usage', '--watch has no end, and --json prints one document.', {
      hint: 'Use --events: one document a line, whenever it changed.',
    });
  }
  const api = await session.open();
  using stop = stopOnSignal();
  const area = output.live ? new LiveArea(output.people) : undefined;
  let before = '';
  try {
    while (!stop.signal.aborted) {
      const lines = await describeStatus(api, deployment, output);
      const text = lines.join('\n');
      if (area) {
        const { columns, rows } = area;
        const shown = lines.flatMap((line) => wrap(line, columns)).slice(0, rows);
        area.draw(
          [],
          shown.map((line) => fitColored(line, columns)),
        );
      } else if (text !== before) {
        output.say(...lines, '');
        if (output.mode === 'events') output.event({ version: 1, ...(await statusDocument(api, deployment)) });
      }
      before = text;
      await sleep(EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    area?.close();
  }
  if (output.live) output.say(...before.split('\n'));
  return exitCode.done;
}
