/** Sign-In with Ethereum (EIP-4361). Apart from its button, because viem is large and only who signs in so needs it. */
import { getAddress, stringToHex, type EIP1193Provider } from 'viem'
import { createSiweMessage } from 'viem/siwe'
import { siweNonce, siweVerify } from '../page/auth-client.ts'

/**
 * Has the wallet sign a sentence with our nonce, which makes this browser's session one of its address.
 *
 * @param chainId the chain that the platform settles on; the signature is bound to it.
 * @throws Error of the wallet where its owner refuses, `AuthError` where we do.
 */
export async function proveAddress(provider: EIP1193Provider, chainId: number): Promise<void> {
  const accounts = await provider.request({ method: 'eth_requestAccounts' })
  const first = accounts[0]
  if (!first) throw new Error('The wallet offered no account.')
  const address = getAddress(first)
  const { nonce } = await siweNonce()
  const message = createSiweMessage({
    domain: window.location.host,
    address,
    statement: 'Sign in to Isochrone. This costs nothing and moves no money.',
    uri: window.location.origin,
    version: '1',
    chainId,
    nonce,
  })
  const signature = await provider.request({ method: 'personal_sign', params: [stringToHex(message), address] })
  await siweVerify({ message, signature })
}
