import { AsyncLocalStorage } from 'node:async_hooks';

type ExitCode = Parameters<typeof process.exit>[0];

/** Thrown where a config's code wanted to end the process. */
export class ExitRefused extends Error {
  override readonly name = 'ExitRefused';

  constructor(code: ExitCode, caller: (code?: ExitCode) => never) {
    super(`process.exit(${code ?? ''})`);
    // The first line of the stack is who called.
    Error.captureStackTrace(this, caller);
  }
}

type Refusal = (error: ExitRefused) => void;

const scope = new AsyncLocalStorage<Refusal>();
const open = new Set<Refusal>();
let leave = process.exit;

/**
 * Does work that runs a config's code. A call of `process.exit` from it rejects with {@link ExitRefused}, instead of
 * ending the command without a word as if all were done. Calls from elsewhere do what they always do. May run side by side.
 */
export async function refuseExit<T>(work: () => Promise<T>): Promise<T> {
  const refused = Promise.withResolvers<never>();
  if (open.size === 0) {
    leave = process.exit;
    process.exit = exitUnlessRefused;
    process.on('uncaughtException', takeRefusal);
  }
  open.add(refused.reject);
  try {
    return await Promise.race([scope.run(refused.reject, work), refused.promise]);
  } finally {
    open.delete(refused.reject);
    if (open.size === 0) {
      process.exit = leave;
      process.off('uncaughtException', takeRefusal);
    }
  }
}

function exitUnlessRefused(code?: ExitCode): never {
  const refuse = scope.getStore();
  if (!refuse || !open.has(refuse)) return leave(code);
  const error = new ExitRefused(code, exitUnlessRefused);
  refuse(error);
  throw error;
}

/** What a timer's callback throws can't be caught where the config is read. Everything else ends the process as ever. */
function takeRefusal(error: unknown): void {
  if (!(error instanceof ExitRefused)) throw error;
}
