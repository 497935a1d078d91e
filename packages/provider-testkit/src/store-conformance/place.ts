import type { SlipwayError, Store } from '@slipway/core';
import { onTestFinished } from 'vitest';

/** Where a store keeps its data. */
export interface StorePlace {
  /**
   * Opens the data; several may be open at once. `now`: ms since 1970, the clock of the leases. `key`: instead of
   * the one that every store of the place is opened with.
   */
  open(options?: { now?: () => number; key?: Uint8Array | SlipwayError }): Promise<Store>;
  /** Takes the place away; every store that was opened is closed by then. */
  remove(): Promise<void>;
}

export type MakeStorePlace = () => Promise<StorePlace>;

/** An empty place for the running test, cleaned up after it whatever it did. */
export async function placeForTest(makePlace: MakeStorePlace): Promise<Pick<StorePlace, 'open'>> {
  const place = await makePlace();
  const opened: Store[] = [];
  onTestFinished(async () => {
    for (const store of opened) await store.close();
    await place.remove();
  });
  return {
    async open(options) {
      const store = await place.open(options);
      opened.push(store);
      return store;
    },
  };
}
