import type { StepHandlers, StepOutcome } from '../execute/handler.ts';
import type { JsonValue } from '../json.ts';
import type { ProviderRegistry } from '../provider/registry.ts';
import { type AnalysisVerdict, goesOn, lastVerdict, note } from './analyse-notes.ts';
import { runAnalysis } from './analyse-run.ts';
import { openSources } from './analyse-sources.ts';
import type { OwnRequests } from './own-requests.ts';

/**
 * Measure and judge: `analyse` for so long, or until a person promotes; `watch` until the steps that it goes on beside are
 * done. They change nothing outside. Every measurement and every verdict is noted with its reason, so that after a kill
 * they go on with what was measured. A failure fails the step at the measurement that decides it.
 */
export function analysisHandlers(
  registry: ProviderRegistry,
  ownRequests: OwnRequests,
): Pick<StepHandlers, 'analyse' | 'watch'> {
  return {
    analyse: {
      async run(step, context) {
        const { durationMs, ...input } = step.input;
        const sources = openSources(registry, step, context, input.analysis.metrics);
        return outcome(await runAnalysis({ step, input, context, sources, ownRequests, durationMs }));
      },
      settle,
    },
    watch: {
      async run(step, context) {
        const sources = openSources(registry, step, context, step.input.analysis.metrics);
        return outcome(await runAnalysis({ step, input: step.input, context, sources, ownRequests }));
      },
      settle,
    },
  };
}

const settle: StepHandlers['analyse']['settle'] & StepHandlers['watch']['settle'] = async (_step, context) => {
  const last = lastVerdict(context.notes);
  if (last && goesOn(last)) return { as: 'done', outcome: outcome(last), how: 'Its verdict was noted.' };
  if (last) await note(context, { upheld: { at: new Date().toISOString() } });
  return { as: 'not-done', how: 'It goes on with what was measured.' };
};

function outcome(verdict: AnalysisVerdict): StepOutcome {
  return { changes: [], detail: verdict as unknown as JsonValue };
}
