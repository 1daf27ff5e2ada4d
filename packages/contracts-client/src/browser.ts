/**
 * What a page in a browser may load: ABIs, what wallets sign, ids and sentences. No Node, no native code, no bytecode.
 */
export { paymentChannelsAbi } from './abi/payment-channels.ts'
export { providerRegistryAbi } from './abi/provider-registry.ts'
export { receiptAnchorAbi } from './abi/receipt-anchor.ts'
export { testUsdcAbi } from './abi/test-usdc.ts'
export { decodeRevert, decodeRevertData, revertOf, type Revert } from './decode-revert.ts'
export { contractNames, type ContractName, type Deployment, type DeploymentParams } from './deployment.ts'
export { channelIdOf, providerIdOf } from './identifiers.ts'
export { isochroneAbi, isochroneAbiWithToken, type IsochroneErrorName } from './isochrone-abi.ts'
export { refusalSentences, refusals, type Refusal } from './refusal.ts'
export * from './typed-data.ts'
