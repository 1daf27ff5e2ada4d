'use client'
/** Stake out of the provider's own wallet: which stake and how large comes from our server, what is missing from the chain. */
import type { ChainCall, WalletStakePlan } from '@isochrone/services'
import { decodeRevert, revertOf } from '@isochrone/contracts-client/browser'
import { formatUsd } from '@isochrone/domain'
import { useRouter } from 'next/navigation'
import { useRef, useState } from 'react'
import { useConfig, type Connector } from 'wagmi'
import { planWalletStake } from '~/actions/listing.ts'
import { CallSteps } from '~/components/disputes/call-steps.tsx'
import { useWalletCalls } from '~/components/disputes/use-wallet-calls.ts'
import { WalletButtons } from '~/components/disputes/wallet-buttons.tsx'
import { WalletProvider, type WalletChain } from '~/components/money/wallet-provider.tsx'
import { Button } from '~/components/ui/button.tsx'
import { ErrorNotice } from '~/components/ui/error-notice.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Link } from '~/components/ui/link.tsx'
import { Notice, type NoticeTone } from '~/components/ui/notice.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { useAction } from '~/lib/page/use-action.ts'
import { walletErrorText } from '~/lib/money/wallet-error.ts'
import { nextStakeCalls, readStakeState } from '~/lib/money/wallet-stake.ts'

export interface WalletStakeProps extends WalletChain {
  /** The wallet that is paid. */
  payerAddress: string
  disabledReason: string | undefined
}

export function WalletStake(props: WalletStakeProps) {
  return (
    <WalletProvider chainId={props.chainId} rpcUrl={props.rpcUrl}>
      <StakeForm {...props} />
    </WalletProvider>
  )
}

interface Outcome {
  tone: NoticeTone
  text: string
}

function StakeForm({ payerAddress, disabledReason, ...chain }: WalletStakeProps) {
  const router = useRouter()
  const config = useConfig()
  const wallet = useWalletCalls(chain)
  const plan = useAction(planWalletStake)
  const [amount, setAmount] = useState('100')
  const [calls, setCalls] = useState<readonly ChainCall[]>([])
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [pending, setPending] = useState(false)
  // A second click can come before the first one's `pending` is drawn.
  const isBusy = useRef(false)
  const atField = plan.error?.field === 'stakeUsd' ? plan.error.message : undefined

  async function press(connector: Connector) {
    if (isBusy.current) return
    isBusy.current = true
    setPending(true)
    setOutcome(null)
    setCalls([])
    plan.reset()
    try {
      setOutcome(await stake(connector))
    } catch (thrown) {
      setOutcome({ tone: 'bad', text: revertOf(thrown) ? decodeRevert(thrown) : walletErrorText(thrown) })
    } finally {
      isBusy.current = false
      setPending(false)
      router.refresh()
    }
  }

  /** Null where the server's or the wallet's own words are shown. */
  async function stake(connector: Connector): Promise<Outcome | null> {
    const account = await wallet.connect(connector)
    if (account === null) return null
    const planned = await plan.run({ stakeUsd: amount })
    if (!planned.ok) return null
    if (account.toLowerCase() !== planned.data.payerAddress) return otherAccount(planned.data)
    const next = nextStakeCalls(planned.data, await readStakeState(config, planned.data))
    if (next.kind === 'refused') return { tone: 'bad', text: next.sentence }
    if (next.kind === 'done') {
      return { tone: 'good', text: `The vault holds ${formatUsd(next.activeMicroUsd)} already. Nothing was sent.` }
    }
    setCalls(next.calls)
    if ((await wallet.send(next.calls, account)) === null) return null
    return {
      tone: 'good',
      text: `${formatUsd(next.missingMicroUsd)} of your wallet are in the vault. The list beside says so once that is confirmed.`,
    }
  }

  return (
    <div className="flex flex-col gap-3">
      <p>
        Your own wallet puts it up: <Hash value={payerAddress} label="the wallet that is paid" />. It is asked for at
        most two transactions, and the vault takes each stake once. When you leave it goes back to that wallet, after
        its thaw: see{' '}
        <Link href="/provider/payouts" className="link">
          Payouts
        </Link>
        .
      </p>
      <Field
        label="Your stake is to be at least"
        name="stakeUsd"
        inputMode="decimal"
        unit="USDC"
        value={amount}
        onChange={(event) => setAmount(event.target.value)}
        required
        hint="What is missing is added; asking twice adds nothing twice. If this page is closed halfway, press again: what the chain has already is not sent again."
        error={atField}
      />
      {!atField && <ErrorNotice error={plan.error} />}
      {disabledReason === undefined ? (
        <WalletButtons word="Stake" pending={pending} onChoose={(connector) => void press(connector)} />
      ) : (
        <Button tone="primary" className="self-start" disabledReason={disabledReason}>
          Stake with a wallet
        </Button>
      )}
      {calls.length > 0 && <CallSteps calls={calls} reports={wallet.reports} />}
      {wallet.problem && (
        <Notice tone="bad" live>
          {wallet.problem}
        </Notice>
      )}
      {outcome && (
        <Notice tone={outcome.tone} live>
          {outcome.text}
        </Notice>
      )}
    </div>
  )
}

function otherAccount({ payerAddress }: WalletStakePlan): Outcome {
  return {
    tone: 'bad',
    text: `Your stake comes from the wallet that you are paid to, ${payerAddress}. Choose that account in the wallet, and press again.`,
  }
}
