'use client'
/** Deposit and ceiling from the payer's own wallet, with the state of each step. */
import { useRouter } from 'next/navigation'
import { useState, type SubmitEvent } from 'react'
import { CircleCheck, CircleDashed, LoaderCircle, Wallet } from 'lucide-react'
import { decodeRevert, revertOf } from '@isochrone/contracts-client/browser'
import { microUsdFromUsd } from '@isochrone/domain'
import { useConfig, useConnectors } from 'wagmi'
import { connect, switchChain } from 'wagmi/actions'
import { prepareWalletChannel } from '~/actions/team.ts'
import { TxSteps } from '~/components/track.tsx'
import { Button } from '~/components/ui/button.tsx'
import { Field } from '~/components/ui/field.tsx'
import { Notice } from '~/components/ui/notice.tsx'
import { Form } from '~/components/ui/form.tsx'
import { Hash } from '~/components/ui/values.tsx'
import { walletErrorText } from '~/lib/money/wallet-error.ts'
import { WalletProvider, type WalletChain } from './wallet-provider.tsx'
import { formText } from '~/lib/page/form-text.ts'
import { fundFromWallet, walletStepIds, type StepReport, type WalletStepId } from './wallet-steps.ts'

const stepWords: Record<WalletStepId, string> = {
  'ceiling-signature': 'Sign the ceiling, and link the channel to this organisation',
  gas: 'Get coins for gas (development chain)',
  'test-usdc': 'Get test USDC (development chain)',
  open: 'Open the channel',
  approve: 'Allow the channel contract to take the deposit',
  deposit: 'Deposit',
  ceiling: 'Set the ceiling on the chain',
}

export function WalletFunding(props: WalletChain & { disabledReason: string | undefined }) {
  return (
    <WalletProvider chainId={props.chainId} rpcUrl={props.rpcUrl}>
      <FundingForm {...props} />
    </WalletProvider>
  )
}

function FundingForm({ chainId, disabledReason }: WalletChain & { disabledReason: string | undefined }) {
  const router = useRouter()
  const config = useConfig()
  const connectors = useConnectors()
  const [pending, setPending] = useState<string | null>(null)
  const [steps, setSteps] = useState<Partial<Record<WalletStepId, StepReport>>>({})
  const [outcome, setOutcome] = useState<{ tone: 'good' | 'bad'; text: string } | null>(null)

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    // Each wallet has its own button; the Enter key presses the first.
    const pressed = event.nativeEvent.submitter?.getAttribute('value')
    const connector = connectors.find(({ uid }) => uid === pressed)
    const amountUsd = formText(new FormData(event.currentTarget), 'amount')
    if (!connector) return
    setPending(connector.uid)
    setSteps({})
    setOutcome(null)
    try {
      const amountMicroUsd = microUsdFromUsd(amountUsd)
      const already = [...config.state.connections.values()].find((one) => one.connector.uid === connector.uid)
      const { accounts } = already ?? (await connect(config, { connector }))
      await switchChain(config, { chainId })
      const prepared = await prepareWalletChannel({ ownerAddress: accounts[0] ?? '', amountUsd })
      if (!prepared.ok) throw new Error(prepared.error.message)
      const report = (step: StepReport) => setSteps((before) => ({ ...before, [step.step]: step }))
      const { depositedMicroUsd } = await fundFromWallet({ config, plan: prepared.data, amountMicroUsd, report })
      const text =
        depositedMicroUsd > 0n
          ? 'Deposited, and the ceiling is on the chain. The balance follows within seconds.'
          : 'An earlier deposit covers this ceiling, which is on the chain. No money moved.'
      setOutcome({ tone: 'good', text })
    } catch (thrown) {
      setOutcome({ tone: 'bad', text: revertOf(thrown) ? decodeRevert(thrown) : walletErrorText(thrown) })
    } finally {
      setPending(null)
      router.refresh()
    }
  }

  const started = Object.keys(steps).length > 0
  return (
    <Form onSubmit={(event) => void submit(event)} className="flex max-w-xl flex-col gap-3">
      <Field
        label="Deposit from your wallet"
        name="amount"
        inputMode="decimal"
        defaultValue="10"
        unit="USDC"
        required
        hint="Your wallet keeps the channel, and nothing above the ceiling can be drawn. Only you can withdraw."
      />
      <div className="flex flex-wrap gap-2">
        {connectors.map(({ uid, name }) => (
          <Button
            key={uid}
            type="submit"
            value={uid}
            tone="primary"
            pending={pending === uid}
            disabledReason={disabledReason ?? (pending === null ? undefined : 'Another wallet is being asked.')}
          >
            <Wallet aria-hidden className="size-4" />
            Deposit with {name}
          </Button>
        ))}
        {connectors.length === 0 && (
          <Button type="submit" tone="primary" disabledReason="No wallet was found in this browser.">
            <Wallet aria-hidden className="size-4" />
            Deposit with a wallet
          </Button>
        )}
      </div>
      {connectors.length === 0 && (
        <p className="text-xs text-ink-3">No wallet was found in this browser. A managed balance needs none.</p>
      )}
      {started && (
        <ol aria-label="Steps in the wallet" className="divide-y divide-line rounded-md border border-line bg-surface">
          {walletStepIds.map((id) => (
            <StepRow key={id} words={stepWords[id]} report={steps[id]} />
          ))}
        </ol>
      )}
      {outcome && (
        <Notice tone={outcome.tone} live>
          {outcome.text}
        </Notice>
      )}
    </Form>
  )
}

function StepRow({ words, report }: { words: string; report: StepReport | undefined }) {
  const stage = report?.stage
  const done = stage === 'final' || stage === 'included' || stage === 'skipped'
  return (
    <li className="flex flex-wrap items-center gap-x-2 gap-y-0.5 px-3 py-2">
      {done ? (
        <CircleCheck aria-hidden className="size-4 text-good" />
      ) : stage ? (
        <LoaderCircle aria-hidden className="size-4 animate-spin text-accent" />
      ) : (
        <CircleDashed aria-hidden className="size-4 text-ink-3" />
      )}
      <span className="flex-1">{words}</span>
      {stage === 'asking' && <span className="text-xs text-ink-2">waiting for your wallet</span>}
      {stage === 'skipped' && <span className="text-xs text-ink-3">nothing to do</span>}
      {report?.hash && <Hash value={report.hash} label={`transaction: ${words}`} />}
      {stage && stage !== 'asking' && stage !== 'skipped' && (
        <span className="text-xs">
          <TxSteps stage={stage} />
        </span>
      )}
    </li>
  )
}
