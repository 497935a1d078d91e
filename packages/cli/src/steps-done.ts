import type { SlipwayApi } from '@slipway/core';

/** Steps that are done, by id: so that the display counts on from where the earlier run stopped. */
export async function stepsDone(api: SlipwayApi, deployment: string | undefined): Promise<string[]> {
  try {
    const { steps } = await api.report(deployment);
    return steps.filter(({ status }) => status === 'succeeded').map(({ id }) => id);
  } catch {
    // Nothing was deployed yet: resume itself says so better.
    return [];
  }
}
