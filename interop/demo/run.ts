/**
 * `make demo`: a whole fabric on this machine. As root: two route-reflector spines, three leaves and three hosts in
 * network namespaces, the Linux kernel forwarding. Not root: the same fabric with memory dataplanes on loopback.
 *
 *   run.ts           bring up, show, take down
 *   run.ts --keep    leave it up and tell how to look around
 *   run.ts --down    take down what --keep left
 */
import { kernelDemo } from './kernel.ts';
import { memoryDemo } from './memory.ts';
import { isUp, takeDown } from './state.ts';

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--down')) {
    console.log(takeDown() ? 'The demo fabric is gone.' : 'There is no demo fabric.');
    return 0;
  }
  if (isUp()) {
    console.error('The demo fabric of an earlier run is still up: `make demo-down` removes it.');
    return 1;
  }
  try {
    await demo(args.includes('--keep'));
    return 0;
  } catch (error) {
    console.error(`\ndemo failed: ${(error as Error).message}`);
    takeDown();
    return 1;
  }
}

async function demo(keep: boolean): Promise<void> {
  if (process.getuid?.() === 0) return kernelDemo(keep);
  console.log('Not root, so no network namespaces: the same fabric with memory dataplanes, on loopback.');
  console.log('Run `sudo make demo` to see the Linux kernel forward real frames.\n');
  return memoryDemo(keep);
}

process.exitCode = await main(process.argv.slice(2));
