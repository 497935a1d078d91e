/** What kept a connection from being trusted, for people, and the way out. */
export interface TlsFailure {
  what: string;
  hint: string;
}

/** By what Node, OpenSSL and Docker's server say, in a code or in words. */
const FAILURES: (TlsFailure & { says: RegExp })[] = [
  {
    says: /HTTP request to an HTTPS server/i,
    what: 'it wants TLS, and no certificate is given',
    hint: 'Set `tls: {ca, cert, key}` under the environment’s platform; or DOCKER_CERT_PATH, where DOCKER_HOST names the engine.',
  },
  {
    says: /wrong version number|packet length too long|http request/i,
    what: 'what listens there speaks no TLS',
    hint: 'Check the port: engines listen for TLS at 2376 by custom.',
  },
  {
    says: /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|certificate has expired|not yet valid/i,
    what: 'its certificate is not valid now',
    hint: 'Renew the engine’s certificate on its machine and start it again; if it is valid, set this machine’s clock.',
  },
  {
    says: /ALTNAME_INVALID|altnames/i,
    what: 'its certificate is for another address',
    hint: 'Give `host` as the certificate names it, or have the certificate issued for this address too.',
  },
  {
    says: /alert (bad certificate|unknown ca|certificate \w+|handshake failure|access denied|decrypt error)|certificate required/i,
    what: 'it doesn’t accept the certificate that is shown to it',
    hint: '`tls.cert` must be signed by the authority that the engine was started with (`--tlscacert`), and be for clients.',
  },
  {
    says: /unable to (verify|get)|self.signed|signature failure|UNABLE_TO_|SELF_SIGNED/i,
    what: 'the authority in `tls.ca` did not sign its certificate',
    hint: 'Give as `tls.ca` the authority that signed the engine’s certificate. If it is the right one, somebody else answers there.',
  },
];

/** Undefined where an error has nothing to do with TLS. `code`: that of the connection; what a registry says has none. */
export function tlsFailure(code: string, status: number | undefined, text: string): TlsFailure | undefined {
  const said = `${code} ${text}`;
  const known = FAILURES.find(({ says }) => says.test(said));
  if (status === 400) return known === FAILURES[0] ? known : undefined;
  if (status !== undefined || code === '') return undefined;
  if (known) return known;
  if (!/^ERR_(TLS|SSL)|^EPROTO$|certificate|SSL routines/i.test(said)) return undefined;
  return {
    what: text,
    hint: 'Check the files under `tls`: the engine’s authority, and a certificate that it accepts.',
  };
}
