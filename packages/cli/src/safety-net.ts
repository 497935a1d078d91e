import { exitCode } from './exit-code.ts';
import type { Session } from './session.ts';

/**
 * Catches what would end the process before the command has said how it went: people are told, and machines by the
 * one document, and it is no success. Taken away by disposing of it.
 */
export class SafetyNet implements Disposable {
  readonly #session: Session;
  #told = false;
  readonly #onDry = () => void this.#tellUnfinished();
  readonly #onUncaught = (error: unknown) => void this.#tellUncaught(error);
  readonly #onExit = (code: number) => this.#tellExit(code);

  constructor(session: Session) {
    this.#session = session;
    process.exitCode = exitCode.failed;
    process.once('beforeExit', this.#onDry);
    process.once('uncaughtException', this.#onUncaught);
    process.once('exit', this.#onExit);
  }

  [Symbol.dispose](): void {
    process.off('beforeExit', this.#onDry);
    process.off('uncaughtException', this.#onUncaught);
    process.off('exit', this.#onExit);
  }

  /** Nothing is left that could wake the command, and it hasn't ended. */
  async #tellUnfinished(): Promise<void> {
    this.#told = true;
    const [{ SlipwayError }, { reportError }] = await Promise.all([
      import('@slipway/core/provider'),
      import('./render/error-block.ts'),
    ]);
    const error = new SlipwayError('unfinished', 'It waited for something that can not happen any more.', {
      hint: 'A config in TypeScript that awaits a promise which never settles does this. Otherwise report it, with what -v prints.',
    });
    reportError(error, this.#session.output);
  }

  async #tellUncaught(error: unknown): Promise<void> {
    this.#told = true;
    const { reportError } = await import('./render/error-block.ts');
    reportError(error, this.#session.output);
    process.exit(exitCode.failed);
  }

  /** Right before the end, when nothing can be loaded any more. A second Ctrl-C has been answered. */
  #tellExit(code: number): void {
    if (this.#told || code === exitCode.interrupted) return;
    const error = {
      code: 'ended-early',
      message: `Something ended the process (exit code ${code}) before the command was done.`,
      hint: 'A config in TypeScript that calls process.exit does this. What was deploying can be resumed.',
    };
    const { output } = this.#session;
    output.complain(`Error [${error.code}] ${error.message}`, `  now:  ${error.hint}`);
    output.document({ error });
    process.exitCode = exitCode.failed;
  }
}
