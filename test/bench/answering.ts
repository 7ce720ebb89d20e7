// The other end of a Program: takes orders, answers each, and leaves with whoever gave them.

/** `obey` takes what its own Program<Order> sends: both are of one checkout, and nothing else has the channel. */
export function answerOrders(obey: (order: never) => Promise<unknown>): void {
  process.on('message', (order) => {
    obey(order as never).then(
      (answer) => process.send?.({ answer }),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
  // Without goodbye: a pipeline that is still open would hold an exit up.
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}
