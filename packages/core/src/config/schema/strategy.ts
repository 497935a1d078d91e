import { z } from 'zod';
import { analysisSchema } from './analysis.ts';
import { amount, count, duration, flag, otherwise, text } from './scalars.ts';

const drain = duration.default('30s').meta({
  description: 'How long open requests on the old revision may go on.',
});
const bake = duration.default('0s').meta({
  description: 'Watched on for so long after the last step; failing, all goes back.',
});
const keepOld = z
  .union([flag, duration], { error: otherwise('must be true, false, or for how long\nwrite for example "30m"') })
  .meta({
    description:
      'Keep the replaced revision running, without traffic, for an instant way back: true, false, or for how long.',
  });

const blueGreen = z
  .strictObject({
    drain,
    keepOld: keepOld.default(true),
    previewPort: count(1, 65_535).optional().meta({
      description: 'A port on which the router shows the new revision before it has traffic.',
    }),
    validation: duration.default('0s').meta({
      description: 'How long the new revision runs without traffic, and is watched, before the switch.',
    }),
    before: analysisSchema.optional().meta({ description: 'An analysis before the switch.' }),
    after: analysisSchema.optional().meta({ description: 'An analysis after the switch; failing, all goes back.' }),
    switch: z.enum(['automatic', 'manual']).default('automatic').meta({
      description: '`automatic`: when checked; `manual`: when a person continues.',
    }),
    gradual: z
      .strictObject({
        step: count(1, 99).meta({ description: 'So many per cent more each time.' }),
        hold: duration.default('0s').meta({ description: 'How long to stay at each.' }),
      })
      .meta({ id: 'Gradual', description: 'Move the traffic in steps. Default: all at once.' })
      .optional(),
    bake,
  })
  .meta({
    id: 'BlueGreen',
    description: 'Start the new revision beside the old one, probe it, move all traffic at once.',
  });

const rolling = z
  .strictObject({
    batch: amount.optional().meta({
      description:
        'Instances replaced at once. Default: 1, or as many as `maxSurge` and `maxUnavailable` allow where one is given.',
    }),
    maxSurge: amount.optional().meta({
      description:
        'Instances above the wanted number while rolling; a share is rounded up. Default: as `batch`, else 1.',
    }),
    maxUnavailable: amount.default(0).meta({
      description: 'Instances that may be missing while rolling and on the way back; a share is rounded down.',
    }),
    minimumHealthy: duration.default('0s').meta({
      description: 'How long a new instance must have been healthy before it counts.',
    }),
    pause: duration.default('0s').meta({ description: 'From one batch to the next.' }),
    drain,
    analysis: analysisSchema.optional().meta({ description: 'Watches from the first batch to the end.' }),
    bake,
  })
  .meta({ id: 'Rolling', description: 'Replace the instances one after another.' });

const matched = { name: text, value: text };

const canaryStep = z
  .strictObject({
    weight: count(0, 100).optional().meta({
      description: 'Share of the traffic for the new revision, in per cent. Default: as before.',
    }),
    hold: duration.optional().meta({ description: 'How long to stay there; with an analysis, measure meanwhile.' }),
    pause: flag.default(false).meta({ description: 'Wait there until a person continues.' }),
    analysis: z
      .union([z.literal(false), analysisSchema])
      .optional()
      .meta({ description: "Instead of the canary's own; `false`: none at this step." }),
    scale: amount.optional().meta({
      description:
        'Instances of the new revision from here on. Default: as many as its weight needs, all of them from 50 % on.',
    }),
    header: z
      .strictObject(matched)
      .meta({ id: 'HeaderMatch' })
      .optional()
      .meta({ description: 'Requests with this header go to the new revision, whatever its weight.' }),
    cookie: z
      .strictObject(matched)
      .meta({ id: 'CookieMatch' })
      .optional()
      .meta({ description: 'Requests with this cookie go to the new revision, whatever its weight.' }),
  })
  .meta({ id: 'CanaryStep' });

const canary = z
  .strictObject({
    steps: z
      .array(canaryStep)
      .min(1, 'must have at least one step')
      .optional()
      .meta({ description: 'In order, each with more weight than the one before; 100 follows by itself.' }),
    initialWeight: count(1, 99).optional().meta({
      description: 'Short form, instead of `steps`: the first weight. Default: as `step`.',
    }),
    step: count(1, 99).optional().meta({ description: 'Short form: so many per cent more each time. Default 10.' }),
    interval: duration.optional().meta({ description: 'Short form: how long each weight is held. Default 1m.' }),
    maxSteps: count(1, 99).optional().meta({ description: 'Short form: at most so many steps before 100.' }),
    maxWeight: count(1, 99).optional().meta({
      description: 'Short form: the highest weight before 100. Default: 50, or 99 with `maxSteps`.',
    }),
    analysis: analysisSchema.optional().meta({ description: 'Measure at every step.' }),
    background: flag.default(true).meta({
      description: 'The analysis also watches all the way, steps without `hold` included.',
    }),
    baseline: flag.default(false).meta({
      description:
        'Run a fresh revision of the old release beside the canary, as many instances with the same share of the traffic, to compare with.',
    }),
    bake,
    drain,
    keepOld: keepOld.default(true),
  })
  .meta({ id: 'Canary', description: 'Give the new revision more traffic step by step, and measure.' });

const recreate = z.strictObject({}).meta({ id: 'Recreate', description: 'Stop the old revision, then start the new.' });

export const STRATEGIES = { recreate, 'blue-green': blueGreen, rolling, canary } as const;
export type StrategyKind = keyof typeof STRATEGIES;
export type CanaryValues = z.output<typeof canary>;
export type BlueGreenValues = z.output<typeof blueGreen>;
export type RollingValues = z.output<typeof rolling>;

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
