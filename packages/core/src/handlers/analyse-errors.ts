import { nameOf } from '../address.ts';
import { SlipwayError } from '../errors.ts';
import type { StepContext } from '../execute/handler.ts';
import type { AnalysisInput, Step } from '../plan/step.ts';
import type { AnalysisVerdict } from './analyse-notes.ts';

interface Analysed {
  step: Step;
  input: AnalysisInput;
  context: Pick<StepContext, 'deployment'>;
}

/** The measurements say that the revision is worse than it may be. */
export function analysisFailed(analysed: Analysed, verdict: AnalysisVerdict): SlipwayError {
  const metrics = verdict.metrics.filter((one) => one.verdict === 'fail').map(({ metric }) => metric);
  return new SlipwayError('analysis-failed', `${whose(analysed)} fails its analysis: ${verdict.why}.`, {
    subject: analysed.step.subject,
    hint: `See all measurements: slipway show ${analysed.context.deployment}. What the revision itself says: slipway logs ${nameOf(analysed.step.subject)}. Should the limit be wrong, change ${metrics.join(', ')} in the strategy's analysis.`,
    details: { effect: 'none', revision: analysed.input.revision, metrics },
  });
}

/** The data don't tell, and the policy is to fail then. */
export function analysisInconclusive(analysed: Analysed, verdict: AnalysisVerdict): SlipwayError {
  return new SlipwayError(
    'analysis-inconclusive',
    `The analysis of ${whose(analysed)} is inconclusive: ${verdict.why}.`,
    {
      subject: analysed.step.subject,
      hint: `It takes traffic and sources that answer: slipway show ${analysed.context.deployment} has every measurement. With \`onInconclusive: pause\` a person decides instead.`,
      details: { effect: 'none', revision: analysed.input.revision },
    },
  );
}

function whose({ step, input }: Analysed): string {
  return `${nameOf(step.subject)}/${input.revision}`;
}
