import { z } from 'zod';
import { count, decimal, duration, flag, nodeName, text } from './scalars.ts';

const judge = z
  .union([
    z.literal('mann-whitney'),
    z
      .strictObject({
        use: z.literal('mann-whitney').default('mann-whitney').meta({ description: 'The Mann-Whitney U test.' }),
        direction: z.enum(['increase', 'decrease', 'either']).default('increase').meta({
          description: 'Which way is worse; `either`: any difference is.',
        }),
        confidence: decimal(0.5, 0.9999).default(0.95).meta({ description: 'How sure it has to be.' }),
        tolerance: decimal(0, 100).default(0.1).meta({
          description: "The shift that still passes, as a share of the other's median.",
        }),
        minimumMeasurements: count(3, 10_000).default(5).meta({
          description: 'Fewer on either side are inconclusive.',
        }),
      })
      .meta({ id: 'Judge', description: 'A statistical comparison of all measurements.' }),
  ])
  .meta({
    description:
      'With `compareWith`: judged over all measurements (Mann-Whitney U, Hodges-Lehmann shift) instead of one by one. Limits beside it hold for each value by itself, and take none out of the comparison.',
  });

export const metricSchema = z
  .strictObject({
    name: text.meta({ description: 'What people call it.' }),
    source: nodeName.default('router').meta({
      description: 'Who answers the query: `router`, or one of `metricSources` by its name.',
    }),
    query: text.meta({
      description:
        'What to ask, in the words of the source. Of `router`: errorRate, requests, requestRate, latencyP50, latencyP95, latencyP99 (latencies in ms). Others may hold `{{service}}`, `{{revision}}`, `{{url}}` (of its first instance) and `{{window}}`.',
    }),
    failAbove: z.number().optional().meta({ description: 'The release fails above this value.' }),
    failBelow: z.number().optional().meta({ description: 'The release fails below this value.' }),
    passAbove: z.number().optional().meta({
      description:
        'Above this value the metric passes. Without `passAbove` and `passBelow` it does where it does not fail.',
    }),
    passBelow: z.number().optional().meta({ description: 'Below this value the metric passes.' }),
    compareWith: z.enum(['stable', 'baseline']).optional().meta({
      description:
        'Compare with the revision that has the rest of the traffic, or with a fresh copy of it (`baseline: true`).',
    }),
    maxIncrease: z.number().positive().optional().meta({
      description: 'With `compareWith`: fails when it is more than so many times the other.',
    }),
    maxDecrease: z.number().positive().optional().meta({
      description: 'With `compareWith`: fails when it is less than so many times the other.',
    }),
    judge: judge.optional(),
    consecutiveFailures: count(1, 1_000).default(1).meta({
      description: 'So many failed measurements in a row fail the metric.',
    }),
    failureLimit: count(1, 100_000).optional().meta({
      description: 'So many failed measurements in all fail it, too. Default: no such limit.',
    }),
    consecutiveErrors: count(1, 1_000).default(5).meta({
      description:
        'So many errors of the source in a row make it inconclusive for good. At the end, so many measurements without data, or more than had any, leave it inconclusive, too; unless data followed as many before.',
    }),
    window: duration.optional().meta({
      description: 'Over what time one measurement looks back. Default: since the last one, at least 1s.',
    }),
    weight: decimal(0.001, 1_000_000).default(1).meta({ description: 'For the score of the analysis.' }),
    critical: flag.default(true).meta({
      description: 'Its failure fails the analysis, whatever the others say.',
    }),
  })
  .meta({ id: 'Metric', description: 'One thing that is measured again and again, and how it is judged.' });

const extended = z.strictObject({
  extend: count(1, 100).meta({ description: 'Measure on for as long again, at most so many times.' }),
  else: z.enum(['pause', 'fail']).default('pause').meta({ description: 'What is done when that did not help.' }),
});

export const analysisSchema = z
  .strictObject({
    metrics: z
      .array(metricSchema)
      .min(1, 'must name at least one metric')
      .meta({ description: 'What is measured; a critical one that fails is enough to go back.' }),
    interval: duration.optional().meta({
      description: 'From one measurement to the next. Default: 10s, or a fifth of a shorter duration, at least 1s.',
    }),
    initialDelay: duration.default('0s').meta({
      description: 'Nothing is measured before it is over; what ends sooner is inconclusive.',
    }),
    duration: duration.default('60s').meta({
      description: "How long it lasts where no step's `hold` says so.",
    }),
    minimumSamples: count(1, 1_000_000_000).default(1).meta({
      description: 'With fewer requests in its window a measurement is inconclusive, never a pass.',
    }),
    minimumMeasurements: count(1, 100_000).default(1).meta({
      description: 'Fewer conclusive measurements of a metric than these are inconclusive.',
    }),
    passScore: decimal(0, 1).default(1).meta({
      description: "Share of the metrics' weight that must pass; critical ones must all.",
    }),
    onInconclusive: z
      .union([z.enum(['pause', 'fail']), extended.meta({ id: 'ExtendAnalysis' })])
      .default('pause')
      .meta({ description: 'What is done when the data do not tell; it is never taken for a pass.' }),
  })
  .meta({ id: 'Analysis', description: 'Decides from measurements whether a rollout goes on.' });

export type AnalysisValues = z.output<typeof analysisSchema>;
export type MetricValues = z.output<typeof metricSchema>;
