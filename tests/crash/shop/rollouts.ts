import { between, pick } from '../../random.ts';

const METRIC = { name: 'fine', source: 'shell', query: 'echo 0', failAbove: 0.5, passBelow: 0.1 };
const SERVICES = ['backend', 'admin', 'marketing'] as const;

/** How a service comes in, and with how many instances. */
export interface ShopRollout {
  instances: number;
  strategy: object | string;
}

/** For each service of the shop, any strategy with short times. What is served as files has no instances. */
export function drawRollouts(random: () => number): Record<(typeof SERVICES)[number], ShopRollout> {
  const drawn = SERVICES.map((name) => {
    const instances = name === 'marketing' ? 1 : between(random, 1, 3);
    return [name, { instances, strategy: drawStrategy(random) }] as const;
  });
  return Object.fromEntries(drawn) as Record<(typeof SERVICES)[number], ShopRollout>;
}

function drawStrategy(random: () => number): object | string {
  const kind = pick(random, ['blue-green', 'gradual', 'rolling', 'canary', 'canary'] as const);
  const briefly = () => `${between(random, 100, 300)}ms`;
  const keepOld = pick(random, [true, false]);
  if (kind === 'blue-green') return { 'blue-green': { keepOld } };
  if (kind === 'gradual') return { 'blue-green': { keepOld, gradual: { step: 50, hold: briefly() } } };
  if (kind === 'rolling') return { rolling: { batch: between(random, 1, 2), pause: briefly() } };
  const analysis = pick(random, [undefined, { metrics: [METRIC], duration: '300ms' }]);
  const weights = pick(random, [[20], [10, 50], [5, 30, 60]]);
  const steps = weights.map((weight) => ({ weight, hold: briefly() }));
  const baseline = analysis !== undefined && random() < 0.3;
  return { canary: { steps, keepOld, ...(analysis ? { analysis } : {}), ...(baseline ? { baseline } : {}) } };
}
