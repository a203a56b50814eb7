"""From a configuration to a trained run: the plan, the loop, the queue, the supervisor and its workers."""
