/** Who leaves sooner without an answer may have changed their mind; who has waited so long has given up. */
const GIVES_UP_AFTER_US = 500_000;
/** What is smaller is there as a whole when it is sent on. */
const SMALL_BODY = 8_192;

/**
 * Rules that note of which requests it isn't certain that their user had sent all of them: whose upload broke off didn't
 * wait for anybody.
 */
export function uploadRules(): string[] {
  return [
    `  http-request set-var(txn.upload) bool(true) if !METH_GET { req.hdr(content-length) -m int ge ${SMALL_BODY} }`,
    '  http-request set-var(txn.upload) bool(true) if !METH_GET { req.hdr(transfer-encoding) -m found }',
  ];
}

/**
 * Rules that make HAProxy's own answer to a user who isn't there any more, which is 400, tell how long they had waited: it
 * counts its answers by class alone, and gives none with 3xx otherwise. Nobody gets to see it.
 */
export function gaveUpRules(): string[] {
  return [
    '  http-after-response set-var(txn.waited) date(0,us),sub(txn.start) if { status 400 } !{ var(txn.took) -m found } !{ var(txn.upload) -m found }',
    `  http-after-response set-status 399 if { status 400 } { var(txn.waited) -m int ge ${GIVES_UP_AFTER_US} }`,
  ];
}
