/** Kinds of events on the agenda, and what their two integers name. */
export const nodeArrive = 1 // attempt
export const nodeCancel = 2 // attempt
export const nodeDown = 3 // replica
export const nodeUp = 4 // replica
export const nodeSlow = 5 // replica, window
export const nodeUsual = 6 // replica, window
export const nodeHeartbeat = 7 // replica
export const nodeProbe = 8 // probe
export const gatewayFirst = 9 // attempt
export const gatewayEnd = 10 // attempt
export const gatewayRetry = 11 // request
export const gatewayReport = 12 // mail
export const gatewayLinkLost = 13 // link, incarnation
export const gatewayLinkUp = 14 // link, incarnation
export const gatewayProbed = 15 // probe
export const gatewayHedge = 16 // attempt
export const gatewayWatch = 17 // replica
