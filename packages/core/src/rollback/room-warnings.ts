import type { Address } from '../address.ts';
import { equalJson } from '../json.ts';
import type { PlanWarning } from '../plan/plan.ts';
import { type ServiceRecord, type State, slotsOf } from '../state/record.ts';
import { beyondRoom } from '../strategies/room.ts';

/** Says which revisions come back with fewer instances than they had, because there is no room for more by now. */
export function roomWarnings(
  { current, target }: { current: State; target: State },
  selected: (address: Address) => boolean,
  room: (record: ServiceRecord) => number,
): PlanWarning[] {
  return [...target.values()].flatMap((record): PlanWarning[] => {
    const { address } = record;
    if (record.kind !== 'service' || !selected(address) || equalJson(current.get(address), record)) return [];
    const most = room(record);
    const fewer = beyondRoom(record, most).filter((one) => slotsOf(one).length > most);
    return fewer.map((one) => {
      const had = `${address}: ${one.id} had ${slotsOf(one).length} instances`;
      return { code: 'note', subject: address, message: `${had}; there is room for ${most} now, so it gets ${most}.` };
    });
  });
}
