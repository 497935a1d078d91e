import { ProviderRegistry } from '@slipway/core';

const metrics = () => import('@slipway/provider-metrics').then((provider) => provider.metricsProvider);

/** Every provider that comes with the command line, one line each; loaded when a config asks for it. */
export function defaultRegistry(): ProviderRegistry {
  return new ProviderRegistry({
    core: () => import('@slipway/core').then((core) => core.coreProvider),
    local: () => import('@slipway/provider-local').then((local) => local.localProvider),
    docker: () => import('@slipway/provider-docker').then((docker) => docker.dockerProvider),
    ssh: () => import('@slipway/provider-ssh').then((ssh) => ssh.sshProvider),
    haproxy: () => import('@slipway/provider-haproxy').then((haproxy) => haproxy.haproxyProvider),
    prometheus: metrics,
    http: metrics,
    command: metrics,
  });
}
