/** A node as lists and pages name it. */
export interface NodeRef {
  /** `node_…` */
  id: string
  nodeId: string
  name: string
  providerName: string
  simulated: boolean
}
