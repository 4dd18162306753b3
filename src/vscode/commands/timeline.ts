import { scopeOf } from '../timeline/scope.ts';
import { requireClient } from './choose.ts';
import type { Handler } from './services.ts';

/** Shows the snapshots of what is selected on an axis of time; of everything where nothing is. */
export const showTimeline: Handler = async (services, { remotes, projects, instances, snapshots }) => {
  await services.loaded();
  requireClient(services);
  const single = [...instances, ...snapshots].map(({ remote, project, instance }) => ({ remote, project, instance }));
  services.timelines.show(
    scopeOf({ remotes: [...remotes], projects: [...projects], instances: single }),
    services.reveal,
  );
};
