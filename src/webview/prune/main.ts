import { pruneContract } from '../../protocol/prune.ts';
import { connect } from '../connection.ts';
import { PruneApp } from './app.ts';

connect(pruneContract, (setup, connection) => {
  const app = new PruneApp(setup, connection);
  return (message) => {
    app.show(message);
  };
});
