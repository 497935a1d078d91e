import { z } from 'zod';
import { ABORT, count, duration, flag, text } from './scalars.ts';

/** Whole instances, or a share of them. */
const instances = z.union([count(0, 10_000), z.string().regex(/^\d{1,3}%$/, ABORT)], {
  error: 'must be a whole number or a percentage\nwrite for example 1 or "25%"',
});

const blueGreen = z
  .strictObject({
    drain: duration.default('30s').meta({ description: 'How long open requests on the old revision may go on.' }),
    keepOld: flag
      .default(true)
      .meta({ description: 'Keep the replaced revision running, without traffic, for an instant way back.' }),
  })
  .meta({
    id: 'BlueGreen',
    description: 'Start the new revision beside the old one, probe it, move all traffic at once.',
  });

const rolling = z
  .strictObject({
    maxSurge: instances.optional().meta({ description: 'Instances above the wanted number while rolling.' }),
    maxUnavailable: instances.optional().meta({ description: 'Instances that may be missing while rolling.' }),
    pause: duration.optional().meta({ description: 'Wait between one instance and the next.' }),
  })
  .meta({ id: 'Rolling', description: 'Replace the instances one after another.' });

const metric = z
  .strictObject({
    name: text.meta({ description: 'What people call it.' }),
    source: text.meta({ description: 'Who answers the query: `router`, or a metric source by its name.' }),
    query: text.meta({ description: 'What to ask, in the words of the source.' }),
    failAbove: z.number().optional().meta({ description: 'The release fails above this value.' }),
    failBelow: z.number().optional().meta({ description: 'The release fails below this value.' }),
    passAbove: z.number().optional().meta({ description: 'Above this value the metric passes.' }),
    passBelow: z.number().optional().meta({ description: 'Below this value the metric passes.' }),
    compareWith: z.enum(['stable']).optional().meta({
      description: 'Compare with the revision that has the rest of the traffic.',
    }),
    maxIncrease: z.number().positive().optional().meta({
      description: 'With `compareWith`: fails when it is more than so many times the other.',
    }),
    maxDecrease: z.number().positive().optional().meta({
      description: 'With `compareWith`: fails when it is less than so many times the other.',
    }),
  })
  .meta({ id: 'Metric', description: 'One thing that is measured and how it is judged.' });

const analysis = z
  .strictObject({
    metrics: z
      .array(metric)
      .min(1, 'must name at least one metric')
      .meta({ description: 'All must pass; one that fails is enough to go back.' }),
    minimumSamples: count(1, 1_000_000_000).default(1).meta({
      description: 'With fewer requests the verdict is inconclusive, never a pass.',
    }),
    onInconclusive: z.enum(['pause', 'rollback', 'continue']).default('pause').meta({
      description: 'What happens when the data do not tell.',
    }),
  })
  .meta({ id: 'Analysis', description: 'Decides from measurements whether a canary goes on.' });

const canaryStep = z
  .strictObject({
    weight: count(0, 100).meta({ description: 'Share of the traffic for the new revision, in per cent.' }),
    hold: duration.optional().meta({ description: 'How long to stay there and measure.' }),
    pause: flag.optional().meta({ description: 'Wait there until a person continues.' }),
  })
  .meta({ id: 'CanaryStep' });

const canary = z
  .strictObject({
    steps: z
      .array(canaryStep)
      .min(1, 'must have at least one step')
      .meta({ description: 'In order, each with more weight than the one before; 100 follows by itself.' }),
    analysis: analysis.optional().meta({ description: 'Measure at every step.' }),
  })
  .meta({ id: 'Canary', description: 'Give the new revision more traffic step by step, and measure.' });

const recreate = z.strictObject({}).meta({ id: 'Recreate', description: 'Stop the old revision, then start the new.' });

export const STRATEGIES = { recreate, 'blue-green': blueGreen, rolling, canary } as const;
export type StrategyKind = keyof typeof STRATEGIES;

const strategyWithOptions = z
  .strictObject({
    recreate: recreate.optional(),
    'blue-green': blueGreen.optional(),
    rolling: rolling.optional(),
    canary: canary.optional(),
  })
  .meta({ id: 'Strategy', description: 'One strategy with its options; exactly one key.' });

/** How a new revision takes over: a name, or a name with options. */
export const strategySchema = z.union([
  z.enum(['recreate', 'blue-green', 'rolling'], {
    error: (issue) =>
      issue.input === 'canary' ? 'needs the steps of a canary\nwrite canary: {steps: […]}' : undefined,
  }),
  strategyWithOptions,
]);
export type StrategyInput = z.output<typeof strategySchema>;
