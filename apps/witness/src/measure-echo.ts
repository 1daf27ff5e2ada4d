/** Round trips of one node: so many nonces one after another, each signed by the node; the fastest counts. */
import { recoverStructSigner, witnessDomain, type EchoReport, type Hex, type WitnessFacts } from '@isochrone/protocol'
import type { NodeLink } from './node-link.ts'

const ECHO_MS_MAX = 2_000
/** A node that lost so many in a row is not asked on. */
const LOST_IN_A_ROW_MAX = 3

/** Echoes whose signature is not the node's count as lost. */
export async function measureEcho(facts: WitnessFacts, link: NodeLink, samples: number): Promise<EchoReport> {
  const domain = witnessDomain(facts.witness as Hex)
  const echoes = await link.alone(async () => {
    const got: ({ nonce: Hex; signature: Hex; rttUs: number } | null)[] = []
    for (let sent = 0; sent < samples; sent++) {
      got.push(await link.echo(ECHO_MS_MAX))
      if (got.length >= LOST_IN_A_ROW_MAX && got.slice(-LOST_IN_A_ROW_MAX).every((each) => each === null)) break
    }
    return got
  })
  const signed = echoes.filter((echo) => {
    if (echo === null) return false
    const value = { nonce: echo.nonce, nodeKey: link.nodeKey }
    return recoverStructSigner(domain, 'RttEcho', { value, signature: echo.signature }) === link.nodeKey
  })
  const kept = signed.flatMap((echo) => (echo === null ? [] : [echo]))
  const [fastest] = kept.toSorted((a, b) => a.rttUs - b.rttUs)
  const steps = kept.slice(1).map((echo, index) => Math.abs(echo.rttUs - (kept[index]?.rttUs ?? echo.rttUs)))
  return {
    kind: 'echo',
    witness: facts,
    nodeId: link.nodeId,
    atMs: Date.now(),
    simulated: link.simulated,
    sent: echoes.length,
    lost: echoes.length - kept.length,
    minRttUs: fastest?.rttUs ?? null,
    jitterUs: steps.length > 0 ? Math.round(steps.reduce((sum, step) => sum + step, 0) / steps.length) : null,
    fastest: fastest ? { nonce: fastest.nonce, signature: fastest.signature } : null,
  }
}
