import * as vscode from 'vscode';
import type { VolumeInventory } from '../../core/inventory/volumes.ts';
import type { VolumeNode } from './nodes.ts';
import type { VolumesProvider } from './provider.ts';

/** The view of volumes, which reads them only while it is seen. */
export interface VolumesView {
  /** What was last selected: the view's own word is empty while it redraws rows. */
  readonly selected: Pick<vscode.TreeView<VolumeNode>, 'selection'>;
  dispose(): void;
}

/** @param loaded reads the remotes where that has not been done yet */
export function showVolumes(
  volumes: VolumeInventory,
  provider: VolumesProvider,
  loaded: () => Promise<void>,
): VolumesView {
  const view = vscode.window.createTreeView<VolumeNode>('incusSnapshots.volumes', {
    treeDataProvider: provider,
    canSelectMany: true,
    showCollapseAll: true,
  });
  const selected = { selection: view.selection };
  let unwatch: (() => void) | undefined;
  const onVisible = (visible: boolean) => {
    provider.setVisible(visible);
    if (visible) {
      unwatch ??= volumes.watch();
      void loaded();
    } else {
      unwatch?.();
      unwatch = undefined;
    }
  };
  onVisible(view.visible);
  const parts = vscode.Disposable.from(
    provider,
    view,
    view.onDidChangeSelection(({ selection }) => {
      selected.selection = selection;
    }),
    view.onDidChangeVisibility(({ visible }) => {
      onVisible(visible);
    }),
  );
  return {
    selected,
    dispose: () => {
      unwatch?.();
      parts.dispose();
    },
  };
}
