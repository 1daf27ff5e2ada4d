/**
 * Whether an agent may link: it speaks our protocol, owns the key that it names, and the node is admitted.
 *
 * Every refusal is a sentence that tells the provider what to do. Signatures are looked at last: they cost far more than all
 * else, and strangers may say hello too.
 */
import {
  addressToBytes32,
  decodeFrame,
  decodeJsonPayload,
  frameType,
  LINK_PROTOCOL_VERSION,
  linkHello,
  modelsInTerms,
  recoverStructSigner,
  type Hex,
  type LinkChallenge,
  type LinkHello,
} from '@isochrone/protocol'
import { checkSealingKeys } from './check-sealing-keys.ts'
import type { LinkServerOptions } from './link-server-types.ts'

export type HelloResult = { nodeId: Hex; hello: LinkHello } | { code: string; message: string }

/**
 * Of the models that it names those pass which the node's terms promise: others would be sold under terms that do not know them.
 *
 * Throws `invalid_input` when the message is no frame, or on sealing keys that are not the node's.
 */
export function checkHello(
  message: Uint8Array,
  challenge: LinkChallenge,
  control: LinkServerOptions['control'],
): HelloResult {
  const frame = decodeFrame(message)
  if (frame.type !== frameType.hello) return { code: 'protocol_violation', message: 'The first frame must be HELLO.' }
  const json = decodeJsonPayload(frame)
  const protocol = (json as { protocol?: unknown } | null)?.protocol
  if (protocol !== LINK_PROTOCOL_VERSION) {
    const message = `This gateway speaks link protocol ${LINK_PROTOCOL_VERSION}, the agent ${String(protocol).slice(0, 20)}. Update the older one.`
    return { code: 'protocol_version', message }
  }
  const parsed = linkHello.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const message = `HELLO is not as agreed: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`
    return { code: 'protocol_violation', message }
  }
  const hello = parsed.data
  const nodeId = addressToBytes32(hello.nodeKey)
  const refusal = refusalOf(nodeId, hello, control)
  if (refusal) return refusal
  const domain = { chainId: challenge.chainId, verifyingContract: challenge.verifyingContract as Hex }
  const signer = recoverStructSigner(domain, 'LinkProof', {
    value: { nonce: challenge.nonce as Hex, lane: challenge.lane as Hex, nodeKey: hello.nodeKey as Hex },
    signature: hello.proof as Hex,
  })
  if (signer !== hello.nodeKey) {
    return { code: 'bad_proof', message: 'The proof is not signed by the node key that it names.' }
  }
  checkSealingKeys(domain, signer, hello.sealingKeys ?? [])
  const models = modelsInTerms(control.node(nodeId)?.termsDocument, hello.models)
  if (models.length === 0 && hello.models.length > 0) {
    return { code: 'other_models', message: otherModels(hello) }
  }
  return { nodeId, hello: { ...hello, models: [...models] } }
}

/** Said after the proof: what a node serves is its owner's business until then. */
function otherModels({ models }: LinkHello): string {
  const names = models.map(({ model }) => model).join(', ')
  return `The node's terms name other models, or other builds of them, than it serves: ${names.slice(0, 200)}. Start the agent with those of its listing.`
}

/** What needs no proof to be said. */
function refusalOf(
  nodeId: Hex,
  hello: LinkHello,
  control: LinkServerOptions['control'],
): Extract<HelloResult, { code: string }> | null {
  if (!control.ready) return { code: 'not_ready', message: 'This gateway is still starting. Connect again shortly.' }
  const node = control.node(nodeId)
  if (!node) {
    return {
      code: 'unknown_node',
      message: `No node has the key ${hello.nodeKey}. Join it first: agent join --token …`,
    }
  }
  // Without its name: nothing is proven yet.
  if (!node.active) {
    return {
      code: 'inactive_node',
      message:
        'The node of this key is not on the market: it waits for its listing and its checks, or is switched off.',
    }
  }
  return null
}
