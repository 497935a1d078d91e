import type { DeploymentReport, RunOptions, SlipwayApi } from '@slipway/core';
import { describeError } from '@slipway/core/provider';
import { confirmPlan } from './confirmation.ts';
import { type ExitCode, exitCode, exitCodeOfReport } from './exit-code.ts';
import { Interruption } from './interruption.ts';
import { logFileOf } from './log-file.ts';
import type { Display } from './progress/display.ts';
import { LiveDisplay } from './progress/live-display.ts';
import { PlainDisplay } from './progress/plain-display.ts';
import { Progress } from './progress/progress.ts';
import { isAbort } from './render/error-block.ts';
import { renderSummary } from './render/summary.ts';
import type { Session } from './session.ts';

export interface Operation {
  /** Runs it with what every run needs: the question, the signals, how long to wait for a lock. */
  run(api: SlipwayApi, options: RunOptions): Promise<DeploymentReport>;
  /** How long to wait for a held lock, in ms. Default 0. */
  waitForLockMs?: number;
  /** True: waits for people also without a terminal. Default false: then it ends, waiting. */
  waitForPerson?: boolean;
  /** False: it was confirmed when it began. Default true. */
  confirm?: boolean;
  /** True: a way back was asked for, so that a deployment which was taken back is what was wished. Default false. */
  goesBack?: boolean;
  /** Steps that an earlier run of the same deployment has done. */
  doneBefore?: Iterable<string>;
}

/**
 * Runs something that changes the world in front of people: shows it as it goes on, answers Ctrl-C, prints
 * the summary or the JSON document, and gives the exit code.
 */
export async function operate(session: Session, operation: Operation): Promise<ExitCode> {
  const { output } = session;
  const api = await session.open();
  const progress = new Progress(operation.doneBefore);
  const show = { display: undefined as Display | undefined };
  const say = (line: string) => (show.display ? show.display.note(line) : output.say(line));
  const waitsHere = output.live || operation.waitForPerson === true;
  using interruption = new Interruption({
    say,
    leave: () => {
      show.display?.close();
      output.say(resumeLine(session, progress));
    },
    goesBack: () => progress.takesBack,
  });
  const stopListening = api.on((event) => {
    if (event.kind === 'journal') output.event(event.event);
    const happening = progress.observe(event, Date.now());
    if (!happening) return;
    show.display ??= openDisplay(session, progress);
    show.display.show(happening);
    if (waitsHere && happening.kind === 'status' && happening.status === 'waiting')
      say(steeringLine(session, progress));
  });
  try {
    const report = await operation.run(api, {
      ...(operation.confirm === false
        ? {}
        : { confirm: (plan, environment) => confirmPlan(session, plan, environment, interruption.signal) }),
      signal: interruption.signal,
      kill: interruption.kill,
      waitForLockMs: operation.waitForLockMs ?? 0,
      waitForPerson: waitsHere,
      command: ['slipway', ...process.argv.slice(2)].join(' '),
    });
    show.display?.close();
    const { goesBack = false } = operation;
    return conclude(session, report, { progress, interrupted: interruption.interrupted, goesBack });
  } catch (error) {
    show.display?.close();
    if (!interruption.interrupted || !comesOfStopping(error)) throw error;
    const { code, message } = describeError(error);
    const told = code === 'interrupted' ? message : undefined;
    if (told !== undefined) output.say(told);
    if (progress.current) output.say(resumeLine(session, progress));
    else if (told === undefined) output.say('Stopped; nothing was changed.');
    output.document({ error: { code: 'interrupted', message: told ?? 'Stopped by a signal.' } });
    return exitCode.interrupted;
  } finally {
    show.display?.close();
    stopListening();
  }
}

/** Of a stop by a signal; whatever else was thrown meanwhile is worth as much as ever. */
function comesOfStopping(error: unknown): boolean {
  return isAbort(error) || ['interrupted', 'not-confirmed'].includes(describeError(error).code);
}

function openDisplay({ output }: Session, progress: Progress): Display {
  const options = { look: output, verbose: output.verbose };
  return output.live
    ? new LiveDisplay(output.people, progress, options)
    : new PlainDisplay((text) => output.people.write(text), progress, options);
}

function conclude(
  session: Session,
  report: DeploymentReport,
  { progress, interrupted, goesBack }: { progress: Progress; interrupted: boolean; goesBack: boolean },
): ExitCode {
  const { output } = session;
  const came = exitCodeOfReport(report, interrupted);
  const code = goesBack && report.status === 'rolled_back' && came === exitCode.rolledBack ? exitCode.done : came;
  const summary = renderSummary(report, {
    look: output,
    plan: progress.plan,
    troubled: progress.troubled,
    logFile: logFileOf(session, report.id),
    commandLine: (command) => session.commandLine(command, report.environment),
    code,
  });
  output.say(...summary);
  if (code === exitCode.interrupted) output.say(`resume with: ${session.commandLine('resume', report.environment)}`);
  output.document({ ...report });
  return code;
}

/** What a person can do about a wait; this terminal is taken by the run. */
function steeringLine(session: Session, progress: Progress): string {
  const plan = progress.current?.plan;
  const others = plan?.kind === 'rollback' ? '' : ' (or promote, or abort)';
  return `from another terminal: ${session.commandLine('continue', plan?.environment)}${others}`;
}

function resumeLine(session: Session, progress: Progress): string {
  return `resume with: ${session.commandLine('resume', progress.current?.plan.environment)}`;
}
