// Why a broker cannot be used, in words that say what helps.
import { ErrorWithReasonCode } from 'mqtt';

/** CONNACK: unacceptable protocol version (MQTT 3.1.1, 3.2.2.3), unsupported protocol version (MQTT 5, 3.2.2.2). */
const versionRefusals: readonly number[] = [1, 132];

const unknownSigner = 'who signed its certificate is not known here: name that authority in mqtt.ca';
const certificateWanted = 'it asks for a certificate: name one in mqtt.cert and its key in mqtt.key';

/** By the codes of Node and OpenSSL. */
const ofTls: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself: name it in mqtt.ca',
  SELF_SIGNED_CERT_IN_CHAIN: unknownSigner,
  UNABLE_TO_GET_ISSUER_CERT: unknownSigner,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownSigner,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownSigner,
  CERT_HAS_EXPIRED: 'its certificate has expired: renew it there',
  CERT_NOT_YET_VALID: "its certificate is not valid yet: is this machine's clock right?",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: certificateWanted,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: certificateWanted,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not know who signed the certificate in mqtt.cert',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks no TLS on this port: is it mqtt:// and not mqtts://?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it speaks no TLS on this port: is it mqtt:// and not mqtts://?',
};

/** One sentence, without secrets. */
export function describeFailure(error: Error): string {
  const code = codeIn(error);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is for another name, by which mqtt.url must call it: ${error.message}`;
  }
  // A name with several addresses fails with an AggregateError, which has a code but no message.
  return ofTls[code] ?? (error.message || code || error.name);
}

export function refusesVersion(failure: Error): boolean {
  return failure instanceof ErrorWithReasonCode && versionRefusals.includes(failure.code);
}

function codeIn(error: Error & { readonly code?: unknown }): string {
  return typeof error.code === 'string' ? error.code : '';
}
