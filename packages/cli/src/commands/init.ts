import { type Command, Option } from 'commander';
import { exitCode } from '../exit-code.ts';
import type { ConfigFormat } from '../init/write-config.ts';
import { perform } from '../perform.ts';

export function define(command: Command): void {
  command
    .addOption(
      new Option('--template <name>', 'typescript or yaml (default: typescript where slipway is installed)').choices([
        'typescript',
        'yaml',
      ]),
    )
    .action(
      perform<[], { template?: ConfigFormat }>(async (session, _, { template }) => {
        const { initProject } = await import('../init/init-project.ts');
        const { file, finding, ignored } = await initProject(session.directory, template);
        const { colors, symbols } = session.output;
        const services = Object.entries(finding.services);
        session.output.say(
          `${colors.green(symbols.done)} Wrote ${file}`,
          ...services.map(([name, { path, run, static: site, port }]) => {
            return `  ${name} (${path}): ${run ?? `static site in ${site}`}, port ${port}`;
          }),
          ...finding.notes.map((note) => `  ${colors.yellow(symbols.warning)} ${note}`),
          ...(ignored ? ['  .gitignore now leaves out .slipway/'] : []),
        );
        await session.validate();
        session.output.say('', `Next: ${session.commandLine('plan')}`);
        session.output.document({ file, services: finding.services, notes: finding.notes });
        return exitCode.done;
      }),
    );
}
