import { scheduleContract } from '../../protocol/schedule.ts';
import { connect } from '../connection.ts';
import { ScheduleForm } from './form.ts';

connect(scheduleContract, (setup, connection) => {
  const form = new ScheduleForm(setup, connection);
  return (message) => {
    form.hear(message);
  };
});
