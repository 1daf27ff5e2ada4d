/** Disputes on our contracts, sent by the managed wallet for payers and by the operator for providers that joined on the web. */
import {
  appealDispute,
  challengeRecord,
  disputeBonds,
  disputeOf,
  executeDispute,
  fileDispute,
  fileLeaseDispute,
  fileWithheld,
  respondToDispute,
  type ChainWriter,
  type FileDisputeInput,
  type FiledDispute,
} from '@isochrone/contracts-client'
import { AppError } from '@isochrone/domain'
import { decodeStruct, type DisputeAction, type DisputedReceipt, type Hex } from '@isochrone/protocol'
import type { ChainReads, DisputeAccount, DisputeChain, Sent } from '@isochrone/services'
import { holdMoney } from './platform-money.ts'

export function disputeChain(accounts: Record<DisputeAccount, ChainWriter>, reads: ChainReads): DisputeChain {
  const { operator, managed } = accounts
  const addressOf = ({ sender }: ChainWriter) => sender.account.address.toLowerCase() as Hex
  return {
    addresses: { operator: addressOf(operator), managed: addressOf(managed) },
    nowS: async () => (await reads.head()).nowS,
    ruleS: operator.deployment.params.ruleS,
    async dispute(disputeId) {
      const dispute = await disputeOf(operator, disputeId)
      if (dispute === null || dispute.state === 'none') return null
      return { ...dispute, state: dispute.state }
    },
    send: (account, action) => send(accounts[account], action),
    execute: async (disputeId) => ({ txHash: hashOf(await executeDispute(operator, disputeId)) }),
  }
}

async function send(writer: ChainWriter, action: DisputeAction): Promise<Sent & { disputeId: bigint | null }> {
  switch (action.action) {
    case 'file':
      return file(writer, action, (common) =>
        fileDispute(writer, { ...common, receipt: decodeStruct('DeliveryReceipt', action.delivery) }),
      )
    case 'file_lease':
      return file(writer, action, (common) =>
        fileLeaseDispute(writer, { ...common, receipt: decodeStruct('LeaseReceipt', action.lease) }),
      )
    case 'withheld': {
      await holdMoney(writer, (await disputeBonds(writer)).file)
      const filed = await fileWithheld(writer, action)
      return { txHash: hashOf(filed), disputeId: filed.disputeId }
    }
    case 'challenge': {
      const bond = BigInt(writer.deployment.params.challengeBondMicroUsd)
      await holdMoney(writer, bond)
      return { txHash: hashOf(await challengeRecord(writer, { ...action, bond })), disputeId: null }
    }
    case 'respond': {
      const disputeId = BigInt(action.disputeId)
      const answered = await respondToDispute(writer, { disputeId, answerHash: action.answerHash })
      return { txHash: hashOf(answered), disputeId }
    }
    case 'appeal': {
      const disputeId = BigInt(action.disputeId)
      await holdMoney(writer, (await disputeBonds(writer)).appeal)
      return { txHash: hashOf(await appealDispute(writer, disputeId)), disputeId }
    }
    case 'judge':
    case 'rule':
      throw new AppError('forbidden', { publicMessage: 'Only an arbiter’s own wallet votes.' })
  }
}

async function file(
  writer: ChainWriter,
  { kind, epoch, proof, amountMicroUsd, evidenceHash }: DisputedReceipt,
  fileIt: (common: Omit<FileDisputeInput, 'receipt'>) => Promise<FiledDispute>,
): Promise<Sent & { disputeId: bigint | null }> {
  await holdMoney(writer, (await disputeBonds(writer)).file)
  const filed = await fileIt({ kind, epoch, proof, amount: BigInt(amountMicroUsd), evidenceHash })
  return { txHash: hashOf(filed), disputeId: filed.disputeId }
}

function hashOf({ receipt }: { receipt: { transactionHash: string } | null }): string | null {
  return receipt?.transactionHash ?? null
}
