import type { Runs } from '@slipway/provider-testkit';
import { openFleetGround } from '../failover/fleet-ground.ts';
import { forgetImages } from '../forget-images.ts';
import type { Part } from '../require.ts';

export type Stand = 'local' | 'docker' | 'ssh';

/** What an environment says of where its services run, and of what distributes their traffic. */
export interface Ground {
  platform: object | string;
  router?: object | string;
  runs: Runs;
  /** Removes what stays on purpose when a project of this name is gone. */
  forget?(project: string): void;
  /** Ends what was opened. */
  close(): Promise<void>;
}

export const STANDS: Readonly<Record<Stand, { needs: readonly Part[]; open: () => Promise<Ground> }>> = {
  local: { needs: ['wrk'], open: async () => ({ platform: 'local', runs: 'process', close: async () => {} }) },
  docker: {
    needs: ['wrk', 'docker', 'haproxy'],
    open: async () => ({
      platform: 'docker',
      router: 'haproxy',
      runs: 'image',
      forget: forgetImages,
      close: async () => {},
    }),
  },
  ssh: { needs: ['wrk', 'sshd', 'haproxy'], open: openFleetGround },
};
