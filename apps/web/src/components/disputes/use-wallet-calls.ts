'use client'
/** Connects a wallet, and sends prepared calls from it with the stage of each. */
import type { ChainCall } from '@isochrone/services'
import { decodeRevert, revertOf } from '@isochrone/contracts-client/browser'
import { useState } from 'react'
import type { Address, Hex } from 'viem'
import { useConfig, type Connector } from 'wagmi'
import { connect, switchChain } from 'wagmi/actions'
import type { WalletChain } from '~/components/money/wallet-provider.tsx'
import { sendCalls, type CallReport } from '~/lib/money/send-calls.ts'
import { walletErrorText } from '~/lib/money/wallet-error.ts'

export function useWalletCalls({ chainId, rpcUrl }: WalletChain) {
  const config = useConfig()
  const [reports, setReports] = useState<ReadonlyMap<number, CallReport>>(new Map())
  const [account, setAccount] = useState<Address | null>(null)
  const [pending, setPending] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)

  async function guarded<T>(work: () => Promise<T>): Promise<T | null> {
    setPending(true)
    setProblem(null)
    try {
      return await work()
    } catch (thrown) {
      setProblem(revertOf(thrown) ? decodeRevert(thrown) : walletErrorText(thrown))
      return null
    } finally {
      setPending(false)
    }
  }

  return {
    account,
    reports,
    pending,
    problem,
    connect: (connector: Connector) =>
      guarded(async () => {
        const already = [...config.state.connections.values()].find((one) => one.connector.uid === connector.uid)
        const { accounts } = already ?? (await connect(config, { connector }))
        await switchChain(config, { chainId })
        const [first] = accounts
        if (!first) throw new Error('The wallet shows no account. Unlock it and try again.')
        setAccount(first)
        return first
      }),
    send: (calls: readonly ChainCall[], from: Address): Promise<Hex | null> =>
      guarded(() => {
        setReports(new Map())
        const report = (each: CallReport) => setReports((before) => new Map(before).set(each.index, each))
        return sendCalls({ config, chainId, rpcUrl, from, calls, report })
      }),
  }
}
