/**
 * After everything else was broken: each scenario judges the books of its own requests, this one those of all of them, once,
 * so that one fault fails one row and is not lost when it shows late.
 */
import { microUsd, must, type Scenario } from './scenario.ts'

export const theBooks: Scenario = {
  name: 'books',
  title: 'All of the above, one after the other',
  async run(market) {
    const answer = await market.ask({ model: market.model, messages: [{ role: 'user', content: 'a' }], max_tokens: 2 })
    must(answer.status === 200, 'requests are served after it all', answer)
    const books = await market.allBooks()
    return {
      client: 'the next request is answered',
      billed: `${microUsd(books.signedMicroUsd)}, the sum of all receipts`,
      kept: `${books.receipts.toLocaleString('en-US')} receipts, numbers without gaps, one outcome for each request`,
    }
  },
}
