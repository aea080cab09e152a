import { dataplaneContract } from './contract.ts';
import { kernelBench, kernelSkip } from './kernel-bench.ts';

dataplaneContract('kernel', kernelBench, { skip: kernelSkip });
