import type { Command } from 'commander';

/** What each file in `commands/` exports: its arguments, options and what it does. */
export interface CommandModule {
  define(command: Command): void;
}

export interface CommandEntry {
  name: string;
  summary: string;
  load(): Promise<CommandModule>;
}

/** All commands by heading, in the order of `--help`. A command's file is read when that command is used. */
export const commandTable: Readonly<Record<string, readonly CommandEntry[]>> = {
  'Set up:': [
    { name: 'init', summary: 'write a config after looking at this folder', load: () => import('./commands/init.ts') },
    {
      name: 'validate',
      summary: 'check the config; all problems at once',
      load: () => import('./commands/validate.ts'),
    },
    {
      name: 'completion',
      summary: 'print the completion script of a shell',
      load: () => import('./commands/completion.ts'),
    },
  ],
  'Change:': [
    { name: 'plan', summary: 'show what a deployment would do', load: () => import('./commands/plan.ts') },
    { name: 'deploy', summary: 'plan, confirm, run and verify', load: () => import('./commands/deploy.ts') },
    {
      name: 'destroy',
      summary: 'remove everything that is recorded, in reverse order',
      load: () => import('./commands/destroy.ts'),
    },
    {
      name: 'rollback',
      summary: 'bring back what was before a deployment',
      load: () => import('./commands/rollback.ts'),
    },
    { name: 'resume', summary: 'finish a deployment that was interrupted', load: () => import('./commands/resume.ts') },
    {
      name: 'drift',
      summary: 'compare what is recorded with what is there',
      load: () => import('./commands/drift.ts'),
    },
  ],
  'Steer a running deployment:': [
    { name: 'cancel', summary: 'stop it, resumable', load: () => import('./commands/cancel.ts') },
    { name: 'abort', summary: 'stop it and take it back', load: () => import('./commands/abort.ts') },
    { name: 'pause', summary: 'start no new steps', load: () => import('./commands/pause.ts') },
    { name: 'continue', summary: 'go on after a pause', load: () => import('./commands/continue.ts') },
    { name: 'promote', summary: 'end the hold and move on', load: () => import('./commands/promote.ts') },
  ],
  'Look:': [
    {
      name: 'status',
      summary: 'what runs, and how the newest deployment does',
      load: () => import('./commands/status.ts'),
    },
    { name: 'history', summary: 'deployments, newest first', load: () => import('./commands/history.ts') },
    { name: 'show', summary: 'one deployment, step by step', load: () => import('./commands/show.ts') },
    { name: 'events', summary: 'the journal of a deployment', load: () => import('./commands/events.ts') },
    { name: 'logs', summary: "a service's output", load: () => import('./commands/logs.ts') },
    { name: 'graph', summary: 'nodes and dependencies', load: () => import('./commands/graph.ts') },
  ],
  'The record:': [
    {
      name: 'state',
      summary: 'list, show, move or forget what is recorded',
      load: () => import('./commands/state.ts'),
    },
    {
      name: 'cost',
      summary: 'what everything that is recorded costs a month',
      load: () => import('./commands/cost.ts'),
    },
    { name: 'import', summary: 'bring an existing thing under management', load: () => import('./commands/import.ts') },
    { name: 'audit', summary: 'prove that the journal is whole', load: () => import('./commands/audit.ts') },
    { name: 'agent', summary: 'the background agent of the local platform', load: () => import('./commands/agent.ts') },
  ],
};
