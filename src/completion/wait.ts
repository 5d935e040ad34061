/** Waits until something is done, whatever comes of it, or for so long. */
export async function waitFor(work: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const isUp = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work.catch(() => {}), isUp]);
  clearTimeout(timer);
}
