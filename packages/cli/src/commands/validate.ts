import type { Command } from 'commander';
import { exitCode } from '../exit-code.ts';
import { perform } from '../perform.ts';

export function define(command: Command): void {
  command.action(
    perform<[], object>(async (session) => {
      const [{ count }, report] = await Promise.all([import('../render/text.ts'), session.validate()]);
      const { colors, symbols } = session.output;
      session.output.say(
        `${colors.green(symbols.done)} ${report.project} is valid (${report.file})`,
        ...report.environments.map(({ name, resources, services }) => {
          return `  ${name}: ${count(resources, 'resource')}, ${count(services, 'service')}`;
        }),
      );
      session.output.document({ ...report, valid: true });
      return exitCode.done;
    }),
  );
}
