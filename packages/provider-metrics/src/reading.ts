import { type MetricReading, SlipwayError } from '@slipway/core/provider';

/**
 * A reading of what was found: `value` a number or null, `samples` a number where there is one, `series` a list of
 * numbers. Throws `metric-answer-invalid` for anything else: a text that looks like a number may be anything.
 */
export function readingOf(found: { value?: unknown; samples?: unknown; series?: unknown }): MetricReading {
  const { value = null, samples, series } = found;
  if (value !== null && typeof value !== 'number') throw notANumber('value', value);
  if (samples !== undefined && samples !== null && typeof samples !== 'number') throw notANumber('samples', samples);
  return {
    value,
    ...(typeof samples === 'number' ? { samples } : {}),
    ...(series === undefined || series === null ? {} : { series: numbersOf(series) }),
  };
}

function numbersOf(series: unknown): number[] {
  if (!Array.isArray(series)) throw notANumber('series', series);
  return series.map((value: unknown) => {
    if (typeof value !== 'number') throw notANumber('series', value);
    return value;
  });
}

function notANumber(where: string, what: unknown): SlipwayError {
  const shown = JSON.stringify(what)?.slice(0, 100) ?? 'nothing';
  return new SlipwayError('metric-answer-invalid', `What was answered as ${where} is no number: ${shown}`, {
    hint: 'A value is a number, or null where there are no data; a series is a list of numbers.',
  });
}
