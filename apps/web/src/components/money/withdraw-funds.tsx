'use client'
/** The way out of a wallet channel: ask money back, wait for its thaw, take it. The wallet alone can do each step. */
import type { ChainCall, ChannelView } from '@isochrone/services'
import { formatUsd, microUsdFromUsd } from '@isochrone/domain'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { Connector } from 'wagmi'
import type { Hex } from 'viem'
import { CallSteps } from '~/components/disputes/call-steps.tsx'
import { useWalletCalls } from '~/components/disputes/use-wallet-calls.ts'
import { WalletButtons } from '~/components/disputes/wallet-buttons.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { formatUtc } from '~/lib/words/format.ts'
import {
  askBackCall,
  takeOutCall,
  unclaimedMicroUsd,
  withdrawalState,
  type WithdrawalTarget,
} from '~/lib/money/withdrawal.ts'
import { WalletProvider, type WalletChain } from './wallet-provider.tsx'

export interface WithdrawFundsProps extends WalletChain {
  channel: ChannelView
  paymentChannels: string
  /** When the page was drawn, ms. */
  nowMs: number
}

export function WithdrawFunds(props: WithdrawFundsProps) {
  return (
    <WalletProvider chainId={props.chainId} rpcUrl={props.rpcUrl}>
      <Steps {...props} />
    </WalletProvider>
  )
}

function Steps({ channel, paymentChannels, nowMs, chainId, rpcUrl }: WithdrawFundsProps) {
  const router = useRouter()
  const wallet = useWalletCalls({ chainId, rpcUrl })
  const [calls, setCalls] = useState<readonly ChainCall[]>([])
  const [problem, setProblem] = useState<string | null>(null)
  const [amount, setAmount] = useState('')
  const state = withdrawalState(channel, nowMs)
  const most = unclaimedMicroUsd(channel)
  const target: WithdrawalTarget = {
    paymentChannels: paymentChannels as Hex,
    channelId: channel.channelId as Hex,
    ownerAddress: channel.ownerAddress as Hex,
  }

  async function send(connector: Connector, call: ChainCall) {
    setProblem(null)
    setCalls([])
    const account = await wallet.connect(connector)
    if (account === null) return
    if (account.toLowerCase() !== channel.ownerAddress.toLowerCase()) {
      setProblem(`This channel belongs to ${channel.ownerAddress}. Choose that account in the wallet, and try again.`)
      return
    }
    setCalls([call])
    if ((await wallet.send([call], account)) !== null) router.refresh()
  }

  function askBack(connector: Connector) {
    const microUsd = amountOf(amount, most)
    if (typeof microUsd === 'string') setProblem(microUsd)
    else void send(connector, askBackCall(target, microUsd))
  }

  return (
    <div className="flex max-w-xl flex-col gap-3">
      {state.kind === 'none' && (
        <>
          <Field
            label="Ask money back"
            name="withdrawal"
            inputMode="decimal"
            unit="USDC"
            value={amount}
            onChange={(event) => setAmount(event.target.value)}
            placeholder={formatUsd(most).replace('$', '')}
            hint={`At most ${formatUsd(most)}, what no claim has drawn. Requests can no longer draw what is asked back; what was signed before is still claimed first. It can leave once its thaw is over.`}
          />
          <WalletButtons word="Ask back" pending={wallet.pending} onChoose={askBack} />
        </>
      )}
      {state.kind !== 'none' && (
        <>
          <p className="text-ink-2">
            {state.kind === 'thawing'
              ? `${formatUsd(state.microUsd)} are asked back and can leave from ${formatUtc(state.untilMs)}. Until then claims for what was signed come first.`
              : `The thaw is over: up to ${formatUsd(state.microUsd)} can leave now, to the wallet that owns the channel.`}
          </p>
          {state.kind === 'thawed' && (
            <WalletButtons
              word="Withdraw"
              pending={wallet.pending}
              onChoose={(connector) => void send(connector, takeOutCall(target))}
            />
          )}
          <WalletButtons
            word="Take the request back"
            pending={wallet.pending}
            onChoose={(connector) => void send(connector, askBackCall(target, 0n))}
          />
        </>
      )}
      {calls.length > 0 && <CallSteps calls={calls} reports={wallet.reports} />}
      {(problem ?? wallet.problem) && (
        <Notice tone="bad" live>
          {problem ?? wallet.problem}
        </Notice>
      )}
    </div>
  )
}

/** µUSD, or what is wrong with it. */
function amountOf(text: string, most: bigint): bigint | string {
  let microUsd: bigint
  try {
    microUsd = microUsdFromUsd(text)
  } catch {
    return 'Enter an amount in USDC, such as 2.50.'
  }
  if (microUsd <= 0n) return 'Enter more than zero.'
  if (microUsd > most) return `Enter at most ${formatUsd(most)}: that is what no claim has drawn.`
  return microUsd
}
