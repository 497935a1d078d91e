import { expect, test } from 'vitest';
import { service } from '../support/declare.ts';
import { playground } from '../support/playground.ts';

const errors = { name: 'errors', query: 'errorRate', failAbove: 0.05 };
const asking = (...metrics: object[]) => ({
  canary: { steps: [{ weight: 20, hold: '1m' }], analysis: { metrics, minimumSamples: 100 } },
});

async function warned(strategy: object, requests: number) {
  const play = await playground();
  await play.file('web/x', '1');
  const config = { services: { web: service('web', 4000, { strategy }) } };
  await play.deploy(config);
  const [active] = Object.keys(play.cluster.routes.web!);
  play.cluster.traffic.add('web', active!, { requests });
  await play.file('web/x', '2');
  const { warnings } = await play.plan();
  return warnings.filter(({ code }) => code === 'no-visitors');
}

test('a rollout that is judged by its users warns where hardly anybody uses the service', async () => {
  expect(await warned(asking(errors), 40)).toEqual([
    {
      code: 'no-visitors',
      subject: 'service:web',
      message: expect.stringMatching(/counted 40 requests in all.*minimumSamples: 100.*a person is asked/),
    },
  ]);
  expect(await warned(asking(errors), 400)).toEqual([]);
});

test('one that is judged otherwise, or not at all, does not', async () => {
  const elsewhere = { name: 'errors', source: 'command', query: 'echo 0', failAbove: 1 };
  expect(await warned(asking(elsewhere), 0)).toEqual([]);
  expect(await warned({ canary: { steps: [{ weight: 20, hold: '1m' }] } }, 0)).toEqual([]);
});

test('a router that can not be asked holds no plan up', async () => {
  const play = await playground();
  await play.file('web/x', '1');
  await play.deploy({ services: { web: service('web', 4000, { strategy: asking(errors) }) } });
  await play.file('web/x', '2');
  play.fault = ({ call }) => (call === 'traffic' ? new Error('gone') : undefined);
  const { warnings, steps } = await play.plan();
  expect([steps.length > 0, warnings]).toEqual([true, []]);
});
