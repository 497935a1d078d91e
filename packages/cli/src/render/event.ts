import { type JournalEvent, leftAsIs } from '@slipway/core';
import { formatDuration, formatMoment } from './duration.ts';
import type { Look } from './plan.ts';
import { fit, oneLine } from './text.ts';

/** Counts of a router are long; whole they are in the JSON. */
const MOST_OF_A_NOTE = 300;

/** One record of the journal on one line. */
export function describeEvent(event: JournalEvent, { colors }: Look): string {
  const what = event.step === null ? event.type : `${event.type.replace('step.', '')} ${event.step}`;
  const detail = detailOf(event);
  const line = `${colors.dim(`${formatMoment(event.at)} #${event.seq}`)} ${what}`;
  return detail === '' ? line : `${line} ${colors.dim(oneLine(detail))}`;
}

function detailOf(event: JournalEvent): string {
  switch (event.type) {
    case 'deployment.started':
      return `${event.data.kind} by ${event.data.by}: ${event.data.command}`;
    case 'deployment.status':
      return [event.data.status, event.data.reason ?? ''].join(' ').trim();
    case 'deployment.asked':
      return `${event.data.what} by ${event.data.by}${event.data.reason === null ? '' : `: ${event.data.reason}`}`;
    case 'step.waiting':
      return event.data.reason ?? 'goes on';
    case 'deployment.resumed':
      return `by ${event.data.by}`;
    case 'deployment.ended':
      return `${event.data.status} after ${formatDuration(event.data.durationMs)}`;
    case 'step.started':
      return event.data.attempt > 1 ? `attempt ${event.data.attempt}` : '';
    case 'step.succeeded':
      return `${formatDuration(event.data.durationMs)}${leftAsIs(event.data) === undefined ? '' : ', unchanged'}`;
    case 'step.failed':
      return `${event.data.error.message}${event.data.final ? '' : ' (will be tried again)'}`;
    case 'step.unknown':
      return event.data.look;
    case 'step.settled':
      return `${event.data.as}: ${event.data.how}`;
    case 'step.skipped':
    case 'step.cancelled':
      return event.data.reason;
    case 'step.noted':
      return fit(JSON.stringify(event.data.note), MOST_OF_A_NOTE);
    case 'state.changed':
      return `${event.data.command} by ${event.data.by}`;
    case 'lock.taken-over':
      return `from ${event.data.from}: ${event.data.reason}`;
    case 'key.replaced':
      return `by ${event.data.by}`;
  }
}
