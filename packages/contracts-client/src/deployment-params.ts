/** The deadlines, bonds and caps of a deployment: those of production, and those of a development machine. */
import type { Address } from 'viem'

import type { DeploymentParams } from './deployment.ts'

/** Who holds which role; everything else has a default. */
export type DeploymentParties = Pick<DeploymentParams, 'admin' | 'guardian' | 'auditor' | 'arbiters' | 'treasury'>

const MINUTE_S = 60
const DAY_S = 86_400

/** Amounts are the same everywhere; an operator changes them before it deploys. */
const amounts = {
  feeBps: 500,
  laneStakeMinMicroUsd: '1000000000',
  challengeBondMicroUsd: '10000000',
  disputeBondMicroUsd: '5000000',
  appealBondMicroUsd: '20000000',
  falseRecordPenaltyMicroUsd: '100000000',
  recordRewardBps: 5_000,
  contradictionPenaltyMicroUsd: '250000000',
  withholdingPenaltyMicroUsd: '100000000',
  contradictionRewardBps: 1_000,
  slashMaxMicroUsd: '1000000000',
} as const

/** The production column of the table of deadlines in docs/TRUST_MODEL.md. */
export function productionParams(parties: DeploymentParties): DeploymentParams {
  return {
    ...parties,
    ...amounts,
    timelockDelayS: 2 * DAY_S,
    graceS: 7 * DAY_S,
    channelThawS: 30 * DAY_S,
    keyThawS: 30 * DAY_S,
    stakeThawS: 30 * DAY_S,
    marginS: 2 * DAY_S,
    challengeS: DAY_S,
    rulingS: 2 * DAY_S,
    freezeS: 14 * DAY_S,
    fileS: 7 * DAY_S,
    respondS: 2 * DAY_S,
    ruleS: 7 * DAY_S,
    appealS: 3 * DAY_S,
    appealRuleS: 7 * DAY_S,
  }
}

/** The column of `npm start` and of tests: minutes in place of days, and a timelock that lets go at once. */
export function developmentParams(parties: DeploymentParties): DeploymentParams {
  return {
    ...parties,
    ...amounts,
    timelockDelayS: 0,
    graceS: 5 * MINUTE_S,
    channelThawS: 10 * MINUTE_S,
    keyThawS: 10 * MINUTE_S,
    stakeThawS: 10 * MINUTE_S,
    marginS: MINUTE_S,
    challengeS: MINUTE_S,
    // Two people read, rehearse and sign here too; the grace period outlasts it.
    rulingS: 150,
    freezeS: 5 * MINUTE_S,
    fileS: 2 * MINUTE_S,
    respondS: MINUTE_S,
    // Long enough for two people to read a case, rehearse and sign.
    ruleS: 3 * MINUTE_S,
    appealS: MINUTE_S,
    appealRuleS: MINUTE_S,
  }
}

/** One account in every role but the arbiters': for development, where nobody distrusts anybody. */
export function partiesOf(account: Address, arbiters: readonly Address[]): DeploymentParties {
  return { admin: account, guardian: account, auditor: account, treasury: account, arbiters }
}
