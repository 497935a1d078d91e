import { Argument, type Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';

type Shell = 'bash' | 'zsh' | 'fish';

export function define(command: Command): void {
  command
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      [
        '',
        'Load it:',
        '  bash  source <(slipway completion bash)            in ~/.bashrc',
        '  zsh   source <(slipway completion zsh)             in ~/.zshrc, after compinit',
        '  fish  slipway completion fish > ~/.config/fish/completions/slipway.fish',
      ].join('\n'),
    )
    .action(
      perform<[Shell], object>(async ({ output }, [shell]) => {
        const [{ buildWholeProgram }, { describeTree }, { renderCompletion }] = await Promise.all([
          import('../program.ts'),
          import('../completion/command-tree.ts'),
          import('../completion/render.ts'),
        ]);
        const script = renderCompletion(shell, describeTree(await buildWholeProgram()));
        output.say(script);
        output.document({ shell, script });
        return exitCode.done;
      }),
    );
}
