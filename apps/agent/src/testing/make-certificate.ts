/**
 * Test support: certificates of the test's own, by Node's crypto alone. X.509 version 3 in DER (RFC 5280, X.690), signed with
 * ECDSA over P-256.
 */
import { generateKeyPairSync, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'

export interface Certificate {
  /** PEM, as a server and `NODE_EXTRA_CA_CERTS` take them. */
  readonly cert: string
  readonly key: string
  readonly name: string
  readonly privateKey: KeyObject
}

export interface CertificateOptions {
  /** What it stands for: host names and IPv4 addresses. */
  readonly names: readonly string[]
  /** Who signs it; it signs itself otherwise. */
  readonly by?: Certificate
  readonly fromMs?: number
  readonly toMs?: number
}

const HOUR_MS = 3_600_000
const ecdsaWithSha256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]
const commonName = [0x55, 0x04, 0x03]
const [basicConstraints, subjectAltName] = [
  [0x55, 0x1d, 0x13],
  [0x55, 0x1d, 0x11],
]

export function makeCertificate(options: CertificateOptions): Certificate {
  const { names, by, fromMs = Date.now() - HOUR_MS, toMs = Date.now() + HOUR_MS } = options
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = names[0] ?? ''
  const algorithm = sequence(oid(ecdsaWithSha256))
  const body = sequence(
    der(0xa0, integer(2)),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    nameOf(by?.name ?? name),
    sequence(time(fromMs), time(toMs)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        // Whoever signs itself may sign others.
        sequence(oid(basicConstraints), der(0x04, by ? sequence() : sequence(der(0x01, Buffer.from([0xff]))))),
        sequence(oid(subjectAltName), der(0x04, sequence(...names.map(altName)))),
      ),
    ),
  )
  const signature = sign('sha256', body, by?.privateKey ?? privateKey)
  const whole = sequence(body, algorithm, der(0x03, Buffer.from([0]), signature))
  return {
    cert: new X509Certificate(whole).toString(),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    name,
    privateKey,
  }
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts)
const integer = (value: number): Buffer => der(0x02, Buffer.from([value]))
const oid = (bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes))
const nameOf = (text: string): Buffer => sequence(der(0x31, sequence(oid(commonName), der(0x0c, Buffer.from(text)))))
const altName = (name: string): Buffer =>
  isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name))

/** UTCTime, of years before 2050: `YYMMDDhhmmssZ`. */
const time = (atMs: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(atMs).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`))
