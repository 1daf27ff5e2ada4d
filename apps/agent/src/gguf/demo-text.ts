/** The text from which the demo model's vocabulary is learnt. Written for this project; its only use is its words. */
export const demoText = `
An isochrone is a line of equal travel time, and the market draws such a line around every request that it places.
A node keeps a model warm, an engine turns tokens into answers, and a gateway carries the answer home to the person.
When a stream is cut, the sentence goes on elsewhere, and each token that was delivered is paid for once and only once.
The provider signs what it did, the gateway signs what it saw, and the chain keeps the sum of both for anyone to check.
A price is a promise in small coins; a latency is a promise in small moments; both are written down before the work.
Rivers run to the sea, trains run to the city, and requests run to the machine from which the answer returns soonest.
The quick receipt follows the slow invoice, and the patient auditor follows them both with a lamp and a long pencil.
In the morning the fleet wakes, the caches fill, the fans begin to turn, and the first question comes over the wire.
Some nodes are near and dear, some are far and cheap, and a good map shows which of them will be kind to you today.
Nothing that matters is hidden: the rule, the reason, the seed and the evidence are all on the same open page.
A small model talks nonsense with great confidence, which is fine, because here only the plumbing is being tested.
Light needs five microseconds for each kilometre of glass, so a claim that beats the light is a claim that is false.
Every queue has an end, every retry has a limit, every window has a clock, and every clock has someone who reads it.
The witness measures, the worker settles, the agent serves, the scheduler decides, and the ledger never forgets a thing.
Give me the model, the prompt and the time that you can spare, and I will give you the place where it should be run.
Autumn leaves, winter bread, spring water, summer stone: the list of words is short, but the songs it makes are long.
If the engine stops in the middle of a word, the bill stops there too, and the rest of the word is free to go home.
What is fast is not always cheap, what is cheap is not always fast, and what is honest can be shown to be honest.
`
