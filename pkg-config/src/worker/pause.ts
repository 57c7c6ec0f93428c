/**
 * Lets the worker's waiting messages in, an abort among them. A message rather than a timer, which
 * browsers delay by milliseconds when it recurs.
 */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
