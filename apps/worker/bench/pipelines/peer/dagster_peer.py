"""The other side of the bench: Dagster materialises the same graph of steps that do nothing.

usage: dagster_peer.py <folder for its store> <JSON file: [[name, [inputs]], ...], inputs first>
Prints the seconds of the run, without those of starting Python and of loading the definitions.
"""

import json
import logging
import sys
from time import perf_counter

from dagster import AssetKey, DagsterInstance, Definitions, asset, define_asset_job, in_process_executor

folder, plan = sys.argv[1:3]
with open(plan) as file:
    graph = json.load(file)


def no_op(name, inputs):
    @asset(name=name, deps=[AssetKey(one) for one in inputs])
    def step() -> None:
        return None

    return step


logging.disable(logging.CRITICAL)
job = (
    Definitions(
        assets=[no_op(name, inputs) for name, inputs in graph],
        jobs=[define_asset_job("all_steps", selection="*", executor_def=in_process_executor)],
    )
    .get_job_def("all_steps")
)
with DagsterInstance.local_temp(folder) as instance:
    start = perf_counter()
    result = job.execute_in_process(instance=instance)
    seconds = perf_counter() - start
    assert result.success
    assert len(result.get_asset_materialization_events()) == len(graph)
print(seconds)
