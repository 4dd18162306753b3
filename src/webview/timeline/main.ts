import { timelineContract } from '../../protocol/timeline.ts';
import { connect } from '../connection.ts';
import { TimelineApp } from './app.ts';

connect(timelineContract, (setup, connection) => {
  const app = new TimelineApp(setup, connection);
  return (message) => {
    app.hear(message);
  };
});
