/** Why an engine behind TLS is not spoken to, in the words of who can mend it. There is no way around: nothing is sent without. */

const untrusted = new Set([
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])
/** What OpenSSL makes of an answer in plain text. */
const notTls = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'])

/** A sentence; null where TLS is not at fault. @param error of a connection, with the code of Node or OpenSSL */
export function tlsFaultOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  const { code, message } = error
  if (untrusted.has(code))
    return "The engine's certificate is signed by nobody that this machine trusts: give the file of its CA, or of itself, as NODE_EXTRA_CA_CERTS."
  if (code === 'CERT_HAS_EXPIRED') return "The engine's certificate has expired."
  if (code === 'CERT_NOT_YET_VALID')
    return "The engine's certificate is not valid yet, or the clock of this machine is wrong."
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `The engine's certificate is for other names: ${message}.`
  if (notTls.has(code)) return 'The engine does not speak TLS: its URL begins with http://.'
  return /^(CERT|ERR_SSL|ERR_TLS)_/.test(code) ? `TLS with the engine fails: ${message}.` : null
}
