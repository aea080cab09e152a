/** A reflector over which routes come and go for a while. */
import { type ChurnFigures, churn } from '../churn.ts';
import { openFabric } from '../fabric.ts';
import { packed } from '../feed.ts';
import { atMost, pick } from '../row.ts';
import type { System } from '../systems/system.ts';
import { contestants, thousands, type Work } from '../work.ts';

const section = 'reflector';
/** What differs between two quiet moments of the garbage collector. */
const GROWTH_MEGABYTES = 4;

interface Churning {
  readonly standing: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly runs: number;
}

export function churning(systems: readonly System[], setting: Churning): Work<ChurnFigures> {
  const { standing, perSecond, seconds, runs } = setting;
  const title = `churn: ${thousands(perSecond)} routes/s announced and withdrawn for ${seconds} s over ${thousands(standing)} routes`;
  const perform = async (system: System): Promise<ChurnFigures> => {
    const fabric = await openFabric();
    try {
      return await churn(fabric, system, packed(standing), perSecond, seconds);
    } finally {
      fabric.close();
    }
  };
  return {
    name: 'churn',
    title,
    runs,
    contestants: contestants(systems, ['evpnd', 'FRR'], perform),
    rows: (outcomes) => [
      {
        section,
        work: `${title}: processor`,
        unit: 'cores',
        goal: atMost(0.5, 'under half a core'),
        values: pick(outcomes, (each) => each.cores),
      },
      {
        section,
        work: '… growth of resident memory',
        unit: 'MB',
        goal: atMost(GROWTH_MEGABYTES, `none (${GROWTH_MEGABYTES} MB are noise)`),
        values: pick(outcomes, (each) => each.grownMegabytes),
      },
      {
        section,
        work: '… sessions lost',
        unit: '',
        goal: atMost(0, 'none'),
        values: pick(outcomes, (each) => each.sessionsLost),
      },
    ],
  };
}
