/**
 * The calls by which somebody takes a step in a dispute, as a wallet is asked to send them: test money and approval for the
 * bond where they are missing, then the step itself.
 */
import { decodeStruct, type DisputeAction, type DisputedReceipt, type Hex } from '@isochrone/protocol'
import { encodeFunctionData, type Abi, type Address } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import { recordPanelsAbi } from '../abi/record-panels.ts'
import { slaLedgerAbi } from '../abi/sla-ledger.ts'
import { testUsdcAbi } from '../abi/test-usdc.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainReader } from '../chain-client.ts'
import { disputeKinds } from '../states.ts'
import { disputeBonds } from './dispute-bonds.ts'

export interface DisputeCall {
  label: string
  to: Address
  data: Hex
}

/** In the order in which they have to be sent. */
export async function disputeCalls(reader: ChainReader, from: Address, step: DisputeAction): Promise<DisputeCall[]> {
  const { token, disputes, ledger, panels } = reader.deployment.addresses
  const manager = (label: string, functionName: string, args: readonly unknown[]) =>
    callOf(label, disputes, disputeManagerAbi, functionName, args)
  switch (step.action) {
    case 'file': {
      const receipt = toAbiStruct('DeliveryReceipt', decodeStruct('DeliveryReceipt', step.delivery))
      return filing('file', receipt, step)
    }
    case 'file_lease': {
      const receipt = toAbiStruct('LeaseReceipt', decodeStruct('LeaseReceipt', step.lease))
      return filing('fileLease', receipt, step)
    }
    case 'withheld': {
      const args = [step.lane, BigInt(step.epoch), step.evidenceHash]
      return [...(await bondCalls(reader, from, disputes, 'file')), manager('File the dispute', 'fileWithheld', args)]
    }
    case 'challenge': {
      const bond = BigInt(reader.deployment.params.challengeBondMicroUsd)
      const args = [step.nodeId, step.lane, BigInt(step.epoch), bond, step.evidenceHash]
      const challenge = callOf('Challenge the record', ledger, slaLedgerAbi, 'challenge', args)
      return [...(await approvals(reader, from, ledger, bond)), challenge]
    }
    case 'respond':
      return [manager('Answer', 'respond', [BigInt(step.disputeId), step.answerHash])]
    case 'appeal':
      return [
        ...(await bondCalls(reader, from, disputes, 'appeal')),
        manager('Appeal', 'appeal', [BigInt(step.disputeId)]),
      ]
    case 'rule': {
      const args = [BigInt(step.disputeId), BigInt(step.refundMicroUsd), step.reasonHash]
      return [manager('Vote', 'rule', args)]
    }
    case 'judge': {
      const args = [step.nodeId, step.lane, BigInt(step.epoch), step.upheld, step.reasonHash]
      return [callOf('Vote', panels, recordPanelsAbi, 'rule', args)]
    }
  }

  async function filing(
    functionName: 'file' | 'fileLease',
    receipt: unknown,
    filed: DisputedReceipt,
  ): Promise<DisputeCall[]> {
    const { kind, epoch, proof, amountMicroUsd, evidenceHash } = filed
    const args = [disputeKinds.indexOf(kind), receipt, BigInt(epoch), proof, BigInt(amountMicroUsd), evidenceHash]
    return [...(await bondCalls(reader, from, disputes, 'file')), manager('File the dispute', functionName, args)]
  }

  async function bondCalls(of: ChainReader, owner: Address, spender: Address, which: 'file' | 'appeal') {
    return approvals(of, owner, spender, (await disputeBonds(of))[which])
  }

  async function approvals(
    { publicClient, deployment }: ChainReader,
    owner: Address,
    spender: Address,
    amount: bigint,
  ): Promise<DisputeCall[]> {
    const usdc = { address: token, abi: testUsdcAbi }
    const [held, allowed] = await Promise.all([
      publicClient.readContract({ ...usdc, functionName: 'balanceOf', args: [owner] }),
      publicClient.readContract({ ...usdc, functionName: 'allowance', args: [owner, spender] }),
    ])
    // Whoever needs play money makes it; real money is there or the step is refused.
    const canMint = deployment.codeHashes.token !== null && held < amount
    return [
      ...(canMint ? [callOf('Get test USDC for the bond', token, testUsdcAbi, 'mint', [owner, amount - held])] : []),
      ...(allowed < amount
        ? [callOf('Allow the bond to be taken', token, testUsdcAbi, 'approve', [spender, amount])]
        : []),
    ]
  }
}

function callOf(label: string, to: Address, abi: Abi, functionName: string, args: readonly unknown[]): DisputeCall {
  return { label, to, data: encodeFunctionData({ abi, functionName, args: [...args] }) }
}
